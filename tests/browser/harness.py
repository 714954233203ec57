"""What the browser tests stand on: the sample stores, and the dashboard in a headless Chromium."""

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

WAIT_SEC = 60
FILM_SEC = 240

CHROMIUM_FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync --disable-dev-shm-usage --lang=en-US"
).split()

STORES = {
    "field": {"name": "Field & Stream", "niche": "outdoors", "currency": "EUR", "locale": "en-US"},
    "second": {"name": "The Second Store", "niche": "kitchen", "currency": "USD", "locale": "en-US"},
}
PRODUCTS = {
    "walk": {
        "title": "A Walk by the Brook",
        "description": "Two quiet hours along cold, clear water.",
        "sellingPrice": 19.5,
        "images": [{"url": "/assets/photos/brook.webp", "alt": "A brook between mossy stones"}],
    },
    "figs": {"title": "Figs", "description": "Ripe and sweet.", "sellingPrice": 4, "images": []},
}


class Page:
    """The dashboard in a browser. What it complains of must be expected by the test, or the test fails."""

    def __init__(self, driver, url):
        self.driver = driver
        self.url = url
        self.expected = []
        driver.get("about:blank")
        driver.get_log("browser")

    def open(self, store="field"):
        self.driver.get("about:blank")
        self.driver.get(f"{self.url}/dashboard/#store={store}")
        self.wait(lambda: self.one("#videos").get_attribute("aria-busy") == "false")

    def resize(self, width, height):
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)

    def command(self, name, **arguments):
        return self.driver.execute_cdp_cmd(name, arguments)

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def wait(self, condition, seconds=WAIT_SEC):
        return WebDriverWait(self.driver, seconds, poll_frequency=0.1).until(lambda _: condition())

    def wait_text(self, selector, text, seconds=WAIT_SEC):
        self.wait(lambda: text in self.one(selector).text, seconds)

    def card(self, video_id):
        return self.one(f'[data-video-id="{video_id}"]')

    def expect(self, text):
        """A complaint of the browser with this text is part of the test."""
        self.expected.append(text)

    def complaints(self):
        logged = [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
        violations = self.script("return window.violations ?? []")
        return [text for text in logged + violations if not any(known in text for known in self.expected)]


def fill(stack):
    """The sample stores and products."""
    for store_id, store in STORES.items():
        stack.put_store(store_id, **store)
    for product_id, product in PRODUCTS.items():
        answer = stack.put(f"/videos/products/{product_id}", {"storeId": "field", **product})
        assert answer.status in (200, 201), answer


def start_chromium(profile, logs=()):
    """A browser that notes every violation of the content security policy in window.violations."""
    options = webdriver.ChromeOptions()
    for flag in [*CHROMIUM_FLAGS, f"--user-data-dir={profile}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", dict.fromkeys(["browser", *logs], "ALL"))
    chrome = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    chrome.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": """
        window.violations = [];
        document.addEventListener("securitypolicyviolation", (event) =>
            window.violations.push(`CSP ${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile}`));
    """})
    return chrome
