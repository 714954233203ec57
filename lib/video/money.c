/*
 * Prices for people. The facts are CLDR's: the symbol of each currency in each locale, the separators, from
 * how many digits thousands are grouped, where the symbol stands and what space is between
 * (https://cldr.unicode.org). An amount is an integer all the way; it is rounded half up to the decimals its
 * currency has.
 */

#include "lib/video/money.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/macros.h"

#define NBSP        "\u00a0"
#define NARROW_NBSP "\u202f"
#define RTL_MARK    "\u200f"

/* code, decimals, symbol abroad, then the words of a voice: one, more, a hundredth (thousandth), more of them
 */
#define CURRENCIES(X)                                                                                        \
	X(USD, 2, "$", "dollar", "dollars", "cent", "cents")                                                 \
	X(EUR, 2, "€", "euro", "euros", "cent", "cents")                                                     \
	X(GBP, 2, "£", "pound", "pounds", "penny", "pence")                                                  \
	X(CAD, 2, "CA$", "Canadian dollar", "Canadian dollars", "cent", "cents")                             \
	X(AUD, 2, "A$", "Australian dollar", "Australian dollars", "cent", "cents")                          \
	X(NZD, 2, "NZ$", "New Zealand dollar", "New Zealand dollars", "cent", "cents")                       \
	X(SGD, 2, "SGD", "Singapore dollar", "Singapore dollars", "cent", "cents")                           \
	X(HKD, 2, "HK$", "Hong Kong dollar", "Hong Kong dollars", "cent", "cents")                           \
	X(CHF, 2, "CHF", "Swiss franc", "Swiss francs", "centime", "centimes")                               \
	X(SEK, 2, "SEK", "Swedish krona", "Swedish kronor", "ore", "ore")                                    \
	X(NOK, 2, "NOK", "Norwegian krone", "Norwegian kroner", "ore", "ore")                                \
	X(DKK, 2, "DKK", "Danish krone", "Danish kroner", "ore", "ore")                                      \
	X(PLN, 2, "PLN", "zloty", "zlotys", "grosz", "groszy")                                               \
	X(CZK, 2, "CZK", "Czech koruna", "Czech korunas", "haler", "halers")                                 \
	X(HUF, 0, "HUF", "forint", "forints", "", "")                                                        \
	X(TRY, 2, "TRY", "Turkish lira", "Turkish lira", "kurus", "kurus")                                   \
	X(BRL, 2, "R$", "real", "reais", "centavo", "centavos")                                              \
	X(MXN, 2, "MX$", "Mexican peso", "Mexican pesos", "centavo", "centavos")                             \
	X(INR, 2, "₹", "rupee", "rupees", "paisa", "paise")                                                  \
	X(CNY, 2, "CN¥", "yuan", "yuan", "fen", "fen")                                                       \
	X(JPY, 0, "¥", "yen", "yen", "", "")                                                                 \
	X(KRW, 0, "₩", "won", "won", "", "")                                                                 \
	X(VND, 0, "₫", "dong", "dong", "", "")                                                               \
	X(ZAR, 2, "ZAR", "rand", "rand", "cent", "cents")                                                    \
	X(ILS, 2, "₪", "shekel", "shekels", "agora", "agorot")                                               \
	X(AED, 2, "AED", "dirham", "dirhams", "fils", "fils")                                                \
	X(SAR, 2, "SAR", "riyal", "riyals", "halala", "halalas")                                             \
	X(KWD, 3, "KWD", "Kuwaiti dinar", "Kuwaiti dinars", "fils", "fils")

struct currency {
	unsigned decimals;
	const char *symbol;
	const char *one, *more, *part, *parts;
};

#define CURRENCY_NAME(code, ...)  #code,
#define CURRENCY_ENTRY(code, ...) {__VA_ARGS__},

const char *const money_currencies[] = {CURRENCIES(CURRENCY_NAME) NULL};
static const struct currency currencies[] = {CURRENCIES(CURRENCY_ENTRY)};

enum { EN_US, EN_GB, DE_DE, FR_FR, ES_ES, IT_IT, NL_NL, PT_BR, PL_PL, SV_SE, JA_JP, AR_AE, LOCALE_COUNT };

const char *const money_locales[] = {
	[EN_US] = "en-US",
	[EN_GB] = "en-GB",
	[DE_DE] = "de-DE",
	[FR_FR] = "fr-FR",
	[ES_ES] = "es-ES",
	[IT_IT] = "it-IT",
	[NL_NL] = "nl-NL",
	[PT_BR] = "pt-BR",
	[PL_PL] = "pl-PL",
	[SV_SE] = "sv-SE",
	[JA_JP] = "ja-JP",
	[AR_AE] = "ar-AE",
	[LOCALE_COUNT] = NULL,
};

struct locale {
	const char *point, *comma; /* of decimals, of thousands */
	size_t group_from;         /* digits before thousands are grouped */
	bool symbol_first;
	const char *gap;  /* between symbol and number */
	const char *lead; /* before all; NULL: nothing */
};

static const struct locale locales[] = {
	[EN_US] = {".", ",", 4, true, "", NULL},
	[EN_GB] = {".", ",", 4, true, "", NULL},
	[DE_DE] = {",", ".", 4, false, NBSP, NULL},
	[FR_FR] = {",", NARROW_NBSP, 4, false, NBSP, NULL},
	[ES_ES] = {",", ".", 5, false, NBSP, NULL},
	[IT_IT] = {",", ".", 5, false, NBSP, NULL},
	[NL_NL] = {",", ".", 4, true, NBSP, NULL},
	[PT_BR] = {",", ".", 4, true, NBSP, NULL},
	[PL_PL] = {",", NBSP, 5, false, NBSP, NULL},
	[SV_SE] = {",", NBSP, 4, false, NBSP, NULL},
	[JA_JP] = {".", ",", 4, true, "", NULL},
	[AR_AE] = {".", ",", 4, false, NBSP, RTL_MARK},
};
_Static_assert(ARRAY_LEN(locales) == LOCALE_COUNT, "a locale lacks its facts");

/* Where a currency has another symbol than abroad: " CODE=symbol". */
static const char *const own_symbols[] = {
	[EN_US] = "",
	[EN_GB] = " USD=US$ JPY=JP¥",
	[DE_DE] = " AUD=AU$",
	[FR_FR] = " USD=$US GBP=£GB CAD=$CA AUD=$AU NZD=$NZ SGD=$SG HKD=HKD MXN=$MX CNY=CNY JPY=JPY",
	[ES_ES] = " USD=US$ GBP=GBP CAD=CAD AUD=AUD NZD=NZD HKD=HKD BRL=BRL MXN=MXN INR=INR CNY=CNY JPY=JPY"
		  " KRW=KRW ILS=ILS",
	[IT_IT] = " USD=USD HKD=HKD BRL=BRL MXN=MXN INR=INR JPY=JPY KRW=KRW VND=VND",
	[NL_NL] = " USD=US$ CAD=C$ AUD=AU$ JPY=JP¥",
	[PT_BR] = " USD=US$ AUD=AU$ JPY=JP¥",
	[PL_PL] = " USD=USD GBP=GBP CAD=CAD AUD=AUD NZD=NZD HKD=HKD PLN=zł MXN=MXN INR=INR CNY=CNY JPY=JPY"
		  " KRW=KRW VND=VND ILS=ILS",
	[SV_SE] = " USD=US$ GBP=GBP AUD=AUD NZD=NZD HKD=HKD SEK=kr NOK=Nkr DKK=Dkr BRL=BR$ INR=INR CNY=CNY"
		  " JPY=JPY KRW=KRW VND=VND",
	[JA_JP] = " CNY=元" NBSP " JPY=￥",
	[AR_AE] = " USD=US$ GBP=UK£ AUD=AU$ JPY=JP¥ AED=\u062f.\u0625." RTL_MARK
		  " SAR=\u0631.\u0633." RTL_MARK " KWD=\u062f.\u0643." RTL_MARK,
};
_Static_assert(ARRAY_LEN(own_symbols) == LOCALE_COUNT, "a locale lacks its symbols");

static void add_symbol(int currency, int locale, struct buf *out)
{
	char key[8];

	(void)snprintf(key, sizeof(key), " %.3s=", money_currencies[currency]);
	const char *own = strstr(own_symbols[locale], key);
	if (!own) {
		buf_adds(out, currencies[currency].symbol);
		return;
	}
	own += strlen(key);
	buf_add(out, own, strcspn(own, " "));
}

/* CLDR's currencySpacing: a symbol that ends in a letter does not touch the digits after it. */
static bool ends_in_letter(const struct buf *symbol)
{
	return symbol->len > 0 && isalpha((unsigned char)symbol->data[symbol->len - 1]);
}

static void add_grouped(const struct locale *l, int64_t whole, struct buf *out)
{
	char digits[24];
	size_t n = (size_t)snprintf(digits, sizeof(digits), "%" PRId64, whole);

	for (size_t i = 0; i < n; i++) {
		if (n >= l->group_from && i > 0 && (n - i) % 3 == 0)
			buf_adds(out, l->comma);
		buf_addc(out, digits[i]);
	}
}

struct amount {
	int64_t whole, part; /* part counts 10^-decimals */
	unsigned decimals;   /* 0 where part is 0 */
};

static struct amount round_amount(int64_t milli, unsigned decimals)
{
	int64_t scale = 1, unit = 1000;

	for (unsigned i = 0; i < decimals; i++) {
		scale *= 10;
		unit /= 10;
	}

	bool rounds_up = milli % unit >= (unit + 1) / 2;
	int64_t parts = milli / unit + (rounds_up ? 1 : 0), part = parts % scale;

	return (struct amount){.whole = parts / scale, .part = part, .decimals = part ? decimals : 0};
}

static void add_number(const struct locale *l, struct amount a, struct buf *out)
{
	add_grouped(l, a.whole, out);
	if (a.decimals > 0)
		buf_addf(out, "%s%0*" PRId64, l->point, (int)a.decimals, a.part);
}

void money_write(int64_t milli, int currency, int locale, struct buf *out)
{
	const struct locale *l = &locales[locale];
	AUTO_BUF symbol = BUF_INIT(32);

	add_symbol(currency, locale, &symbol);
	buf_adds(out, l->lead ? l->lead : "");
	if (l->symbol_first)
		buf_addf(out, "%s%s", buf_text(&symbol), ends_in_letter(&symbol) ? NBSP : l->gap);
	add_number(l, round_amount(milli, currencies[currency].decimals), out);
	if (!l->symbol_first)
		buf_addf(out, "%s%s", l->gap, buf_text(&symbol));
}

void money_speak(int64_t milli, int currency, struct buf *out)
{
	const struct currency *c = &currencies[currency];
	struct amount a = round_amount(milli, c->decimals);

	if (a.whole > 0 || a.decimals == 0)
		buf_addf(out, "%" PRId64 " %s", a.whole, a.whole == 1 ? c->one : c->more);
	if (a.whole > 0 && a.decimals > 0)
		buf_adds(out, " and ");
	if (a.decimals > 0)
		buf_addf(out, "%" PRId64 " %s", a.part, a.part == 1 ? c->part : c->parts);
}
