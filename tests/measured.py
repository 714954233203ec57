#!/usr/bin/python3 -SE
"""Stands in for ffmpeg and ffprobe, by the name that it has: runs the real one, and notes what that took."""

import json
import os
import resource
import sys

here, name = os.path.split(sys.argv[0])
pid = os.fork()
if pid == 0:
    os.execv(f"/usr/bin/{name}", sys.argv)
_, status, usage = os.wait4(pid, 0)
note = {"program": name, "folder": os.path.basename(os.getcwd()), "peak": usage.ru_maxrss * 1024,
        "cpu": usage.ru_utime + usage.ru_stime, "memory_limit": resource.getrlimit(resource.RLIMIT_AS)[0],
        "cpu_limit": resource.getrlimit(resource.RLIMIT_CPU)[0],
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None}
with open(os.path.join(here, "measured"), "a") as file:
    file.write(json.dumps(note) + "\n")
if os.WIFSIGNALED(status):
    os.kill(os.getpid(), os.WTERMSIG(status))
sys.exit(os.waitstatus_to_exitcode(status))
