"""A server that is told to stop leaves no process, says what it interrupted, and the job can go on."""

from __future__ import annotations

import time

from live_server import Server


def test_sigterm_interrupts_what_runs_keeps_what_waits_and_goes_on_later(root):
    with Server(root, jobs=1) as server:
        running, waiting = server.submit(300), server.submit(1)
        server.until(running["job_id"], lambda job: job["progress"]["done"] > 0)
        start = time.monotonic()
        status = server.stop()
        assert (status, server.processes()) == (0, {})
        assert time.monotonic() - start < 25  # what hangs is killed after thirty
        server.start()
        job = server.job(running["job_id"])
        assert (job["state"], job["error"]["code"]) == ("interrupted", "interrupted")
        assert server.end(waiting["job_id"])["state"] == "done"
        server.call("POST", f"/job/{running['job_id']}/retry")
        assert server.end(running["job_id"])["state"] == "done"
        assert server.leftovers() == []
