"""The dashboard as a person uses it, in a real browser on the real programs."""

import pytest
from selenium.webdriver.common.keys import Keys

from harness import FILM_SEC, PRODUCTS, STORES, Page

# Notes every value of a card's progress bar, and every status, from now on.
RECORD = """
    const card = arguments[0], bar = card.querySelector("progress");
    const seen = window.seen = { progress: [bar.value], statuses: [card.dataset.status], stages: [] };
    new MutationObserver(() => {
        seen.progress.push(bar.value);
        seen.statuses.push(card.dataset.status);
        seen.stages.push(card.querySelector("[data-part=stage]").textContent);
    }).observe(card, { attributes: true, childList: true, characterData: true, subtree: true });
"""


def make(stack, product="figs", style="social_ad"):
    answer = stack.post(f"/videos/product/{product}?style={style}", {"aspectRatio": "1:1"})
    assert answer.status == 202, answer
    return answer.json["videoId"]


def choose(page, name, value):
    page.script("arguments[0].click()", page.one(f'input[name="{name}"][value="{value}"]'))


def open_form(page):
    page.one("#new-video").click()
    page.wait(lambda: page.all('input[name="product"]'))


def order(page, stack):
    """Orders what the form says. The new card."""
    others = {video["id"] for video in stack.get("/videos/store/field?limit=100").json["videos"]}
    page.one("#make").click()
    page.wait(lambda: not page.one("#maker").is_displayed())
    return page.wait(lambda: next((card for card in page.all("#cards .card:not(.skeleton)")
                                   if card.get_attribute("data-video-id") not in others), None))


@pytest.fixture(scope="module")
def film(stack, driver):
    """A film made with the form and watched to its end: {id, seen, url}."""
    page = Page(driver, stack.url)
    page.open()
    open_form(page)
    choose(page, "product", "walk")
    choose(page, "style", "social_ad")
    choose(page, "ratio", "4:5")
    card = order(page, stack)
    page.script(RECORD, card)
    page.wait(lambda: card.get_attribute("data-status") in ("completed", "failed"), FILM_SEC)
    assert page.complaints() == []
    video_id = card.get_attribute("data-video-id")
    status = stack.status(video_id)
    assert status["status"] == "completed", status
    return {"id": video_id, "seen": page.script("return window.seen"), **status}


def test_opens_on_the_store_in_the_address(page):
    page.open("second")
    assert page.one("#heading").text == STORES["second"]["name"]
    assert page.driver.title == "The Second Store · Videos"
    page.wait_text("#cards", "No videos yet")


def test_remembers_the_chosen_store_in_the_address(page):
    page.open("field")
    page.one('#store option[value="second"]').click()
    page.wait_text("#heading", STORES["second"]["name"])
    assert page.driver.current_url.endswith("#store=second")
    page.driver.back()
    page.wait_text("#heading", STORES["field"]["name"])


def test_an_unknown_store_is_said_to_be_unknown(page):
    page.open("nobody")
    page.wait_text("#cards", "There is no store “nobody”")


def test_the_form_offers_the_products_of_the_store(page):
    page.open()
    open_form(page)
    titles = {title.text for title in page.all("#products .product-title")}
    assert titles >= {product["title"] for product in PRODUCTS.values()}
    assert "€19.50" in page.one("#products").text
    picture = page.one('.product:has([value="walk"]) img')
    page.wait(lambda: page.script("return arguments[0].naturalWidth", picture) > 0)


def test_the_form_is_used_with_the_keyboard(page):
    page.open()
    opener = page.one("#new-video")
    opener.send_keys(Keys.ENTER)
    page.wait(lambda: page.all('input[name="product"]'))
    page.one('input[name="style"]:checked').send_keys(Keys.ARROW_DOWN)
    assert page.one('input[name="style"]:checked').get_attribute("value") == "lifestyle"
    page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    page.wait(lambda: not page.one("#maker").is_displayed())
    assert page.driver.switch_to.active_element == opener


def test_a_form_that_is_sent_twice_makes_one_video(page, stack):
    """seed A10: a double click."""
    def count():
        return stack.get("/videos/store/field").json["total"]

    before = count()
    page.open()
    open_form(page)
    page.wait(lambda: page.one("#make").is_enabled())
    page.script("""
        window.sent = 0;
        const send = window.fetch;
        window.fetch = (url, options) => {
            const answer = send(url, options);
            if (String(url).includes("/product/")) answer.then(() => { window.sent += 1; });
            return answer;
        };
        const form = document.getElementById("maker-form");
        form.requestSubmit();
        form.requestSubmit();
    """)
    page.wait(lambda: page.script("return window.sent") == 2)
    page.wait(lambda: not page.one("#maker").is_displayed())
    assert count() == before + 1


def test_music_can_be_heard_before_it_is_chosen(page, stack):
    track = stack.get("/videos/music").json[0]
    page.open()
    open_form(page)
    page.wait(lambda: page.all(f'#music option[value="{track["id"]}"]'))
    page.one(f'#music option[value="{track["id"]}"]').click()
    button = page.one("#preview")
    button.click()
    page.wait(lambda: button.get_attribute("aria-pressed") == "true")
    button.click()
    page.wait(lambda: button.get_attribute("aria-pressed") == "false")


def test_progress_reaches_the_end_and_never_goes_back(film):
    seen = film["seen"]
    assert seen["statuses"][-1] == "completed"
    assert seen["progress"] == sorted(seen["progress"])
    assert len(set(seen["progress"])) > 3, "the bar was seen moving"
    assert any(seen["stages"]), "a stage was shown"


def test_the_poster_is_shown_in_the_films_own_shape(page, film):
    page.open()
    card = page.card(film["id"])
    poster = card.find_element("css selector", ".poster img")
    page.wait(lambda: page.script("return arguments[0].complete && arguments[0].naturalWidth", poster))
    width, height = page.script("const p = arguments[0]; return [p.naturalWidth, p.naturalHeight]", poster)
    shown = poster.rect
    assert abs(width / height - 4 / 5) < 0.01
    assert abs(shown["width"] / shown["height"] - 4 / 5) < 0.02


def test_a_finished_film_plays(page, film):
    page.open()
    page.card(film["id"]).find_element("css selector", ".poster").click()
    video = page.one("#player-video")
    page.wait(lambda: page.script("return arguments[0].readyState >= 2 && arguments[0].currentTime > 0.3", video))
    assert page.script("return arguments[0].error", video) is None
    width, height = page.script("return [arguments[0].videoWidth, arguments[0].videoHeight]", video)
    assert (width, height) == (540, 674)  # a draft
    page.script("arguments[0].currentTime = arguments[0].duration - 1", video)
    page.wait(lambda: page.script("return arguments[0].ended", video))
    page.one("#player [data-close]").click()
    page.wait(lambda: not page.script("return arguments[0].hasAttribute('src')", video))


def test_a_finished_film_is_served_by_ranges(stack, film):
    path = film["videoUrl"].removeprefix(stack.url)
    whole = stack.get(path)
    part = stack.get(path, headers={"Range": "bytes=100-299"})
    assert whole.headers["Content-Type"] == "video/mp4"
    assert (part.status, part.body) == (206, whole.body[100:300])
    assert part.headers["Content-Range"] == f"bytes 100-299/{len(whole.body)}"


def test_deleting_asks_first_and_removes(page, stack):
    video_id = make(stack)
    page.open()
    delete = page.card(video_id).find_element("css selector", "[data-part=delete]")
    delete.click()
    page.one("#confirm [data-close]").click()
    page.wait(lambda: not page.one("#confirm").is_displayed())
    assert stack.get(f"/videos/{video_id}").status == 200

    delete.click()
    page.one("#confirm-yes").click()
    page.wait(lambda: not page.all(f'[data-video-id="{video_id}"]'))
    assert stack.get(f"/videos/{video_id}").status == 404


def next_button(page, video_id):
    return page.card(video_id).find_element("css selector", "[data-part=next]")


def act(page, video_id, label):
    """Presses a card's button and says yes."""
    button = next_button(page, video_id)
    page.wait(lambda: button.is_displayed() and button.text == label)
    button.click()
    page.wait(lambda: page.one("#confirm-yes").is_displayed() and page.one("#confirm-yes").is_enabled())
    page.one("#confirm-yes").click()
    page.wait(lambda: not page.one("#confirm").is_displayed())


def wait_status(page, video_id, *statuses):
    page.wait(lambda: page.card(video_id).get_attribute("data-status") in statuses, FILM_SEC)


def test_the_price_is_shown_before_the_film_is_ordered(page):
    page.open()
    open_form(page)
    page.wait_text("#price", "This costs nothing.")  # it is made here
    choose(page, "mode", "draft")
    page.wait_text("#price", "This costs nothing.")


def test_a_draft_becomes_the_film(page, stack):
    page.open()
    open_form(page)
    choose(page, "product", "figs")
    choose(page, "style", "social_ad")
    choose(page, "mode", "draft")
    video_id = order(page, stack).get_attribute("data-video-id")
    badge = page.card(video_id).find_element("css selector", "[data-part=draft]")
    assert badge.is_displayed() and badge.text == "Draft"
    wait_status(page, video_id, "completed")
    assert stack.get(f"/videos/{video_id}").json["mode"] == "draft"

    with stack.ffmpeg.hold("scene"):
        act(page, video_id, "Buy the real film")
        wait_status(page, video_id, "pending", "generating_scenes")
        page.wait(lambda: not badge.is_displayed())
    wait_status(page, video_id, "completed")
    assert not next_button(page, video_id).is_displayed()
    film = stack.get(f"/videos/{video_id}").json
    assert (film["mode"], film["revision"]) == ("full", 2)


def test_a_video_is_stopped_and_goes_on(page, stack):
    with stack.ffmpeg.hold("scene"):
        video_id = make(stack)
        page.open()
        act(page, video_id, "Cancel")
        wait_status(page, video_id, "cancelled")
    assert stack.status(video_id)["status"] == "cancelled"
    act(page, video_id, "Retry")
    wait_status(page, video_id, "completed")
    assert page.card(video_id).find_element("css selector", ".poster").is_displayed()


def test_a_possible_charge_is_accepted_by_hand(page, stack):
    stack.run("stop", "daemon")
    try:
        video_id = make(stack)
        stack.lose_answer(video_id, "Scene 2 may have been charged.")
    finally:
        stack.run("start", "daemon")
    page.open()
    assert page.card(video_id).find_element("css selector", "[data-part=failure]").text == "Scene 2 may have been charged."
    next_button(page, video_id).click()
    page.wait_text("#confirm-text", "Scene 2 may have been charged.")
    page.one("#confirm-yes").click()
    assert page.one("#confirm").is_displayed(), "not before the box is checked"
    assert stack.get(f"/videos/{video_id}").json["status"] == "paused"
    page.one("#confirm-check").click()
    page.one("#confirm-yes").click()
    page.wait(lambda: not page.one("#confirm").is_displayed())
    wait_status(page, video_id, "completed")


def test_what_was_refused_is_said_in_the_question(page, stack):
    with stack.ffmpeg.hold("scene"):
        video_id = make(stack)
        page.open()
        button = next_button(page, video_id)
        page.wait(lambda: button.text == "Cancel")
        stack.post(f"/videos/{video_id}/cancel")
        wait_status(page, video_id, "cancelled")
        button.click()
        page.wait_text("#confirm-title", "Try again?")
        stack.post(f"/videos/{video_id}/retry")  # somebody else was quicker
        page.expect("409")
        page.one("#confirm-yes").click()
        page.wait_text("#confirm-problem", "cannot be retried")
    page.one("#confirm-no").click()
    wait_status(page, video_id, "completed")


def test_a_video_deleted_elsewhere_vanishes(page, stack):
    with stack.ffmpeg.hold("scene"):
        video_id = make(stack)
        page.open()
        assert page.card(video_id)
        page.expect("404")
        assert stack.delete(f"/videos/{video_id}").status == 204
        page.wait(lambda: not page.all(f'[data-video-id="{video_id}"]'))


def test_an_error_is_shown_at_its_field(page):
    page.open()
    open_form(page)
    page.script("arguments[0].value = '3:2'", page.one('input[name="ratio"]:checked'))
    page.expect("400")
    page.one("#make").click()
    page.wait_text("#error-ratio", "must be one of")
    assert page.one("#maker").is_displayed()
    assert "Request " in page.one("#maker-problem").text


def test_says_that_the_server_is_away_and_goes_on(page, stack):
    page.expect("503")
    stack.run("stop", "cgi")
    try:
        page.driver.get("about:blank")
        page.driver.get(f"{stack.url}/dashboard/#store=field")
        page.wait(lambda: page.all("#list-problem .problem"))
    finally:
        stack.run("start", "cgi")
    page.one("#list-problem [data-part=retry]").click()
    page.wait_text("#heading", STORES["field"]["name"])
    assert not page.all("#list-problem .problem")


@pytest.mark.parametrize("width", [360, 768, 1280, 2560])
def test_nothing_scrolls_sideways(page, film, width):
    page.resize(width, 740)
    page.open()
    fits = "return document.documentElement.scrollWidth <= innerWidth"
    assert page.card(film["id"])
    assert page.script(fits)
    open_form(page)
    assert page.script(fits)
    assert page.script("const f = document.querySelector('.fields'); return f.scrollWidth <= f.clientWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_in_both_themes(page, film, scheme):
    page.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    page.open()
    ratios = page.script("""
        const light = (colour) => {
            const parts = colour.match(/[\\d.]+/g).slice(0, 3).map((n) => n / 255);
            const [r, g, b] = parts.map((n) => n <= 0.03928 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const behind = (element) => {
            const colour = getComputedStyle(element).backgroundColor;
            return colour === "rgba(0, 0, 0, 0)" ? behind(element.parentElement) : colour;
        };
        return ["h1", "#subheading", "#new-video", "#store", ".card-title", ".meta", ".status"].map((selector) => {
            const element = document.querySelector(selector);
            const pair = [light(getComputedStyle(element).color), light(behind(element))].sort((a, b) => b - a);
            return [selector, (pair[0] + 0.05) / (pair[1] + 0.05)];
        });
    """)
    assert [(selector, ratio) for selector, ratio in ratios if ratio < 4.5] == []
