"""One stack and one browser for all tests, one page for each."""

import pathlib
import shutil
import subprocess
import tempfile

import pytest

from harness import STACK, Page, Stack, fill, start_chromium


@pytest.fixture(scope="session")
def stack():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="videod-browser."))
    try:
        running = Stack(folder)
        fill(running)
        yield running
    finally:
        subprocess.run([STACK, "stop", folder], check=True)
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def driver():
    profile = tempfile.mkdtemp(prefix="videod-chromium.")
    chrome = start_chromium(profile)
    yield chrome
    chrome.quit()
    shutil.rmtree(profile, ignore_errors=True)


@pytest.fixture
def page(stack, driver):
    page = Page(driver, stack.url)
    page.resize(1280, 900)
    yield page
    assert page.complaints() == []
