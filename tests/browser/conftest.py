"""One stack and one browser for all tests, one page for each."""

import shutil
import tempfile

import pytest

import stack as stacks
from harness import Page, fill, start_chromium


@pytest.fixture(scope="session")
def stack():
    with stacks.running() as running:
        fill(running)
        yield running


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
