#!/bin/bash
# Makes the certificates of a cluster in DIRECTORY: ca.pem, node.pem and node.key, valid for ten years.
# Every machine of the cluster (server, scheduler, workers) gets all three; keep them from everybody else.
set -eu
[ $# = 1 ] || { echo "usage: cluster_keys.sh DIRECTORY" >&2; exit 2; }
mkdir -p "$1"
cd "$1"
[ ! -e node.key ] || { echo "$1 has keys already; they are kept." >&2; exit 0; }
umask 077
openssl req -x509 -newkey rsa:3072 -nodes -days 3650 -subj "/CN=policyscope cluster authority" \
  -keyout ca.key -out ca.pem 2>/dev/null
openssl req -newkey rsa:3072 -nodes -subj "/CN=policyscope cluster node" \
  -keyout node.key -out node.csr 2>/dev/null
openssl x509 -req -in node.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 -out node.pem 2>/dev/null
rm -f node.csr ca.srl ca.key  # nobody can add machines that were not given these files
