"""A store's brand kit: what may be in it, and which films take it."""

import json

import pytest

import stack as stacks
from daemons import id_of
from stack import film

FULL = {
    "font": "Noto Sans",
    "textColour": "#FFFFFF",
    "backgroundColour": "#102030",
    "accentColour": "#FF8800",
    "groundColour": "#000000",
    "textStyle": {"position": "bottom", "size": "large", "background": "box", "entrance": "rise", "colour": "#FFFFFF",
                  "backgroundColour": "#000001"},
    "logoUrl": "https://shop.example/logo.png",
    "logoPosition": "bottom_left",
    "logoOpacity": 80,
    "logoSize": 20,
    "intro": {"title": "The Corner Shop", "text": None, "action": None, "duration": 1.5},
    "endCard": {"title": "The Corner Shop", "text": "from €12.50", "action": "Shop now", "duration": 3},
}
SMALL = {"accentColour": "#123456"}
NONE = {**{key: None for key in FULL}, "logoPosition": "top_right", "logoOpacity": 100, "logoSize": 14}


@pytest.fixture(scope="module")
def stack():
    with stacks.running() as running:
        running.run("stop", "daemon")  # no film is made here
        for store in ("shop", "other"):
            running.put_store(store)
        product = {"storeId": "shop", "title": "A thing", "images": []}
        assert running.put("/videos/products/thing", product).status == 201
        yield running


def put(stack, kit, store="shop"):
    answer = stack.put(f"/videos/stores/{store}/brand", kit)
    assert answer.status in (200, 201), answer
    return answer


def kit_of(stack, video):
    """That the film is made with; None: none."""
    text = stack.sql(f"SELECT brand FROM videos WHERE id = {id_of(video)}")[0][0]
    return None if text == "NULL" else json.loads(text)


def test_put_get_delete(stack):
    stack.put_store("fresh")
    none = stack.get("/videos/stores/fresh/brand")
    assert (none.status, none.json) == (200, NONE)
    first = put(stack, FULL, "fresh")
    assert (first.status, first.json) == (201, FULL)
    assert stack.get("/videos/stores/fresh/brand").json == FULL
    assert stack.put_store("fresh", name="Another name") and stack.get("/videos/stores/fresh/brand").json == FULL
    again = put(stack, first.json, "fresh")
    assert (again.status, again.json) == (200, FULL), "what was answered can be put"
    small = put(stack, SMALL, "fresh").json
    assert small["accentColour"] == "#123456" and small["font"] is None and small["endCard"] is None, "all is replaced"
    assert put(stack, none.json, "fresh").json == none.json
    for _ in range(2):
        answer = stack.delete("/videos/stores/fresh/brand")
        assert (answer.status, answer.body) == (204, b"")
    assert stack.get("/videos/stores/fresh/brand").json == none.json
    assert put(stack, {}, "fresh").status == 201


def test_unknown_store(stack):
    for answer in (stack.get("/videos/stores/nobody/brand"), stack.put("/videos/stores/nobody/brand", {}),
                   stack.delete("/videos/stores/nobody/brand")):
        assert (answer.status, answer.json["error"]["code"]) == (404, "not_found")
    assert stack.post("/videos/stores/shop/brand", {}).headers["Allow"] == "GET, HEAD, PUT, DELETE"


@pytest.mark.parametrize("part, path", [
    ({"font": "Comic Sans"}, "/font"),
    ({"font": 1}, "/font"),
    ({"textColour": "white"}, "/textColour"),
    ({"textColour": "#fff"}, "/textColour"),
    ({"backgroundColour": "#12345g"}, "/backgroundColour"),
    ({"accentColour": "123456"}, "/accentColour"),
    ({"groundColour": 0x123456}, "/groundColour"),
    ({"textStyle": {"position": "left"}}, "/textStyle/position"),
    ({"textStyle": {"colour": "red"}}, "/textStyle/colour"),
    ({"textStyle": {"bold": True}}, "/textStyle/bold"),
    ({"textStyle": "bold"}, "/textStyle"),
    ({"logoUrl": "http://shop.example/logo.png"}, "/logoUrl"),
    ({"logoUrl": "file:///etc/passwd"}, "/logoUrl"),
    ({"logoUrl": "/assets/../secret"}, "/logoUrl"),
    ({"logoUrl": "/uploads/other/0123456789abcdef0123456789abcdef.png"}, "/logoUrl"),
    ({"logoPosition": "middle"}, "/logoPosition"),
    ({"logoOpacity": 101}, "/logoOpacity"),
    ({"logoOpacity": -1}, "/logoOpacity"),
    ({"logoSize": 3}, "/logoSize"),
    ({"logoSize": 41}, "/logoSize"),
    ({"logoSize": 10.5}, "/logoSize"),
    ({"intro": {"title": "x" * 121}}, "/intro/title"),
    ({"intro": {"title": "two\nlines"}}, "/intro/title"),
    ({"intro": {"duration": 0.9}}, "/intro/duration"),
    ({"endCard": {"duration": 10.1}}, "/endCard/duration"),
    ({"endCard": {"price": "1"}}, "/endCard/price"),
    ({"endCard": []}, "/endCard"),
    ({"colour": "#123456"}, "/colour"),
])
def test_what_is_wrong_has_its_place(stack, part, path):
    before = stack.get("/videos/stores/shop/brand").json
    answer = stack.put("/videos/stores/shop/brand", {**SMALL, **part})
    assert (answer.status, answer.json["error"]["code"]) == (400, "validation_failed")
    assert [detail["path"] for detail in answer.json["error"]["details"]] == [path]
    assert stack.get("/videos/stores/shop/brand").json == before


def test_a_film_has_the_kit_of_the_day_it_was_asked_for(stack):
    put(stack, {"accentColour": "#000001"})
    video = stack.create(film())
    product = stack.post("/videos/product/thing").json["videoId"]
    plain = stack.create(film(brand=False))
    others = stack.create(film("other"))
    old, new = {"accentColour": "#000001"}, {"accentColour": "#000002"}
    assert [kit_of(stack, v) for v in (video, product, plain, others)] == [old, old, None, None]

    put(stack, new)
    for v in (video, product, plain):
        assert stack.post(f"/videos/{v}/cancel").status == 202
    assert stack.post(f"/videos/{video}/retry").status == 202
    assert kit_of(stack, video) == old, "it goes on as it began"
    assert stack.request("PATCH", f"/videos/{product}", {"title": "Another", "brand": True}).status == 200
    assert stack.request("PATCH", f"/videos/{plain}", {"brand": True}).status == 200
    assert [kit_of(stack, v) for v in (product, plain)] == [old, None], "a change changes no film"

    assert stack.post(f"/videos/{product}/render").status == 202
    assert stack.post(f"/videos/{plain}/scenes/1/regenerate").status == 202
    assert [kit_of(stack, v) for v in (product, plain)] == [new, new]

    assert stack.delete("/videos/stores/shop/brand").status == 204
    assert kit_of(stack, product) == new
    assert stack.post(f"/videos/{product}/cancel").status == 202
    assert stack.post(f"/videos/{product}/render").status == 202
    assert kit_of(stack, product) is None
