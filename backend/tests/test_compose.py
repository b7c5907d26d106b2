"""The containers: loopback only, nothing privileged, and a cluster that hangs together."""

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
CLUSTER = {"keys", "scheduler", "worker", "postgres"}


def test_ports_are_published_on_loopback_only():
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_cluster_starts_only_when_asked_for():
    asked = {name for name, service in SERVICES.items() if "cluster" in service.get("profiles", [])}
    assert asked == CLUSTER


def test_our_containers_have_no_privileges():
    for name in ("api", "keys", "scheduler", "worker"):
        service = SERVICES[name]
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
        assert service["user"].startswith("${POLICYSCOPE_UID")


def test_server_and_workers_share_artifacts_keys_and_address():
    lines = (ROOT / "backend" / "tools" / "cluster.env").read_text().splitlines()
    server = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    for name in ("scheduler", "worker"):
        node = SERVICES[name]
        assert {"./artifacts:/data/artifacts", "keys:/keys:ro"} <= set(node["volumes"])
        for key in ("SCHEDULER", "TLS_CA", "TLS_CERT", "TLS_KEY"):
            assert node["environment"][f"POLICYSCOPE_{key}"] == server[f"POLICYSCOPE_{key}"]
            assert f"${{POLICYSCOPE_{key}:-}}" in SERVICES["api"]["environment"].values()
    assert {"./artifacts:/data/artifacts", "keys:/keys:ro"} <= set(SERVICES["api"]["volumes"])
    assert server["DATABASE_URL"].startswith("postgresql+psycopg://policyscope:")
    assert SERVICES["worker"]["environment"]["POLICYSCOPE_ARTIFACTS"] == "/data/artifacts"
