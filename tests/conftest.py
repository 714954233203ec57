"""Speaks TAP, so that every suite is counted in the same way; shows the logs of the stack under a test that failed."""

import sys

import pytest

from stack import last_lines

count = 0


def pytest_runtest_logreport(report):
    global count
    ended = report.when == "call" or report.outcome != "passed"
    if not ended:
        return
    count += 1
    word = "ok" if report.outcome == "passed" else "not ok"
    print(f"\n{word} {count} - {report.nodeid}", file=sys.__stdout__, flush=True)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    report = (yield).get_result()
    if report.failed and "stack" in getattr(item, "funcargs", {}):
        report.sections.extend(last_lines(item.funcargs["stack"].folder))
