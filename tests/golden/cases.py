"""The texts whose pictures are kept: each script, style, ratio, place, ground of letters, kind of card and caption."""

STYLES = ["product_showcase", "lifestyle", "testimonial", "promotional", "social_ad", "story"]
RATIOS = ["16:9", "9:16", "1:1", "4:5"]

SCRIPTS = {
    "latin": "Grüße: 50% off “naïve” café",
    "greek": "Ζεστός καφές όλη την ημέρα",
    "cyrillic": "Тёплый кофе весь день, всего за 1 999 ₽",
    "chinese": "保温一整天的陶瓷咖啡杯，现仅售¥199",
    "japanese": "一日中コーヒーを温かく保つマグカップ。",
    "korean": "하루 종일 커피를 따뜻하게 지켜주는 머그잔",
    "arabic": "الكوب الذي يحافظ على دفء قهوتك طوال اليوم، خصم 50%",
    "hebrew": "הספל ששומר על הקפה חם כל היום, 50% הנחה",
    "thai": "แก้วที่ช่วยให้กาแฟของคุณอุ่นตลอดทั้งวัน ที่นี่ เพียง 299 บาท",
    "emoji": "Hot ☕ new 🎉🎉 👨‍👩‍👧‍👦 love 🇩🇪 it 👍🏽 ❤️",
}
OVERLAY = "The mug that keeps your coffee warm"
PRICE = "Don't stop: 50% off\nonly $29.99"
CARD = {"title": "Stoneware mug", "text": "$29.99", "action": "Shop now"}
LONG_CARD = {
    "title": "The mug that keeps your coffee warm all day long",
    "text": "Now only €1,299.99",
    "action": "Order yours today",
}
CAPTION = "Every morning begins\nwith a warm cup."
LIT = CAPTION.index("morning"), CAPTION.index("morning") + len("morning")
BRAND = {
    "font": "Roboto",
    "textColour": "#FFFFFF",
    "backgroundColour": "#0B3D2E",
    "accentColour": "#F2A65A",
    "groundColour": "#0B3D2E",
    "logoUrl": "https://shop.example/logo.png",
    "logoSize": 14,
    "logoOpacity": 90,
}


def captioned(caption_style, kind, **more):
    look = {"captions": kind, "captionStyle": caption_style}
    return {"look": look, "captions": [[CAPTION, *LIT, 0, 30]], **more}


def cases():
    """name: a description as letters.draw takes it; a "logo" is drawn from logo.png."""
    found = {}
    for i, (script, text) in enumerate(SCRIPTS.items()):
        found[f"script-{script}"] = {"overlay": text, "style": STYLES[i % 6], "ratio": "4:5"}
    for i, style in enumerate(STYLES):
        for ratio in RATIOS:
            text = PRICE if ratio in ("1:1", "16:9") else OVERLAY
            found[f"style-{style}-{ratio}"] = {"overlay": text, "style": style, "ratio": ratio}
        card = LONG_CARD if i % 2 else CARD
        found[f"card-{style}"] = {"card": card, "style": style, "ratio": RATIOS[i % 4]}
    for i, background in enumerate(["none", "glow", "box", "outline"]):
        for k, position in enumerate(["top", "middle", "bottom"]):
            text = {"background": background, "position": position, "size": ["small", "medium", "large"][(i + k) % 3]}
            found[f"text-{background}-{position}"] = {
                "overlay": OVERLAY, "style": "story", "ratio": RATIOS[(i + k) % 4], "scene": {"textStyle": text}}
    for i, style in enumerate(["clean", "box", "bold"]):
        found[f"caption-{style}-words"] = captioned(style, "words", ratio="9:16", overlay=OVERLAY, style=STYLES[i])
        found[f"caption-{style}-lines"] = captioned(style, "lines", ratio="16:9", overlay=PRICE, style=STYLES[i + 3])
    for i, corner in enumerate(["top_left", "top_right", "bottom_left", "bottom_right"]):
        brand = {**BRAND, "logoPosition": corner}
        found[f"brand-{corner}"] = captioned("clean", "words", ratio=RATIOS[i], overlay=OVERLAY, brand=brand,
                                             logo="logo.png", style=STYLES[i])
    found["brand-card"] = {"card": CARD, "ratio": "9:16", "brand": BRAND, "logo": "logo.png"}
    return found
