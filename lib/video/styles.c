/* The copy of the six styles. A text makes no claim, quotes nobody and gives no number of its own. */

#include "lib/video/styles_priv.h"

/* Copy is read and compared best with one text a line. */
/* clang-format off */

const struct style styles[STYLE_COUNT] = {

[STYLE_PRODUCT_SHOWCASE] = {
	.length_ms = {3000, 2500, 3000},
	.pictures = 4,
	.feature_points = 60,
	.prompt = {
		"Product showcase of “{title}”: slow, steady camera, elegant studio light, cinematic.",
		"Close detail shot of “{title}”: shallow focus, clean product photography.",
		"Clean, minimal background with subtle motion, made for a closing title.",
	},
	.opening     = {"{headline}"},
	.details     = {"{feature}"},
	.closing     = {"{price}\nShop now", "Shop now"},
	.say_opening = {"Introducing {name}.", "Take a closer look."},
	.say_price   = {"Available for {spoken_price}."},
	.say_closing = {"Shop now at {store}.", "Shop now."},
},

[STYLE_LIFESTYLE] = {
	.length_ms = {3500, 3000, 3500},
	.pictures = 4,
	.feature_points = 60,
	.prompt = {
		"“{title}” in an everyday scene: natural window light, gentle handheld camera, warm colours.",
		"“{title}” in a quiet everyday moment: soft daylight, slow drift.",
		"Soft, out-of-focus everyday background in warm light, made for a closing title.",
	},
	.opening     = {"Picture this"},
	.details     = {"Your day", "Your pace", "Your way"},
	.closing     = {"{headline}\n{price}", "{headline}"},
	.say_opening = {"Picture {name} in your day.", "Picture it in your day."},
	.say_price   = {"Yours for {spoken_price}."},
	.say_closing = {"Make it part of your day.", "Make it yours."},
},

[STYLE_TESTIMONIAL] = {
	.length_ms = {3500, 3500, 3000},
	.pictures = 4,
	.feature_points = 46,
	.prompt = {
		"Honest, eye-level view of “{title}”, as a customer would look at it: daylight, calm camera.",
		"“{title}” looked at closely, as a customer would before buying: even light, nothing staged.",
		"Plain, friendly background in daylight, made for a closing question.",
	},
	.opening     = {"{headline}\nIs it for me?"},
	.details     = {"Good to know:\n{feature}", "Also:\n{feature}"},
	.closing     = {"{price}\nSee for yourself", "See for yourself"},
	.say_opening = {"Is {name} right for me? Here is what I want to know.", "Is {name} right for me?", "Is it right for me?"},
	.say_price   = {"What does it cost? {spoken_price}."},
	.say_closing = {"Now I can decide for myself.", "Let me see for myself."},
},

[STYLE_PROMOTIONAL] = {
	.length_ms = {2500, 2000, 3000},
	.pictures = 5,
	.closing_picture = true,
	.feature_points = 46,
	.prompt = {
		"Bold promotional shot of “{title}”: bright, saturated light, quick push-in.",
		"“{title}” from a dynamic angle: strong contrast, crisp light.",
		"“{title}” in front of bold colour with energetic motion, with room for a price.",
	},
	.opening     = {"{price}\n{headline}", "{headline}"},
	.details     = {"{feature}"},
	.closing     = {"{price}\nGet yours today", "Get yours today"},
	.say_opening = {"For {spoken_price}: {name}.", "Have a look at {name}.", "For {spoken_price}, have a look.", "Have a look at this."},
	.say_closing = {"Get yours today at {store}.", "Get yours today."},
},

[STYLE_SOCIAL_AD] = {
	.length_ms = {1500, 1200, 2000},
	.pictures = 6,
	.closing_picture = true,
	.feature_points = 32,
	.prompt = {
		"Close shot of “{title}” that fills the frame: fast push-in, high energy.",
		"Quick cut of “{title}”: snappy movement, bright light.",
		"“{title}” in front of a bright, simple background with fast motion, with room for a call to action.",
	},
	.opening     = {"Look!\n{headline}"},
	.details     = {"{feature}"},
	.closing     = {"{price}\nTap to shop", "Tap to shop"},
	.say_opening = {"Look! {name}.", "Look at this!"},
	.say_price   = {"{spoken_price}."},
	.say_closing = {"Tap to shop."},
},

[STYLE_STORY] = {
	.length_ms = {4000, 4000, 4500},
	.pictures = 5,
	.feature_points = 60,
	.prompt = {
		"Opening of a short film about “{title}”: wide, slow camera, golden evening light.",
		"A quiet chapter with “{title}”: slow drift, deep shadows, film look.",
		"Slow fade to a calm, dark background, made for closing words.",
	},
	.opening     = {"The story of\n{headline}"},
	.details     = {"{feature}"},
	.closing     = {"The rest is up to you\n{price}", "The rest is up to you"},
	.say_opening = {"Everything has its story. This one is about {name}.", "This is the story of {name}.", "Here is its story."},
	.say_price   = {"It can be yours for {spoken_price}."},
	.say_closing = {"What happens next is up to you.", "The rest is up to you."},
},

};
/* clang-format on */
