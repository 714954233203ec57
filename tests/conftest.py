"""Speaks TAP, so that every suite is counted in the same way."""

import sys

count = 0


def pytest_runtest_logreport(report):
    global count
    ended = report.when == "call" or report.outcome != "passed"
    if not ended:
        return
    count += 1
    word = "ok" if report.outcome == "passed" else "not ok"
    print(f"\n{word} {count} - {report.nodeid}", file=sys.__stdout__, flush=True)
