# make install: everything in the places that the units and the nginx templates name. The accounts, the database and
# the site are the administrator's (docs/operating.md): systemd-sysusers, videoctl migrate, ln -s in /etc/nginx/sites-enabled.

PREFIX     ?= /usr
SYSCONFDIR ?= /etc
LISTEN     ?= 127.0.0.1:8080
CGI        ?= /run/videod-cgi.sock
MEMCACHED  ?= unix:/run/memcached/memcached.sock
FILMS      ?=

SHARE := $(PREFIX)/share/videod
MAN   := $(wildcard cgi/*.8 daemon/*.8 cli/*.1 lib/video/*.5)
put   := install -D -m 644

install: all music ## install below DESTDIR, with PREFIX=/usr
	install -D $(O)/videod $(DESTDIR)$(PREFIX)/sbin/videod
	install -D $(O)/videod-cgi $(DESTDIR)$(PREFIX)/lib/videod/videod-cgi
	install -D $(O)/videod-lettering $(DESTDIR)$(PREFIX)/lib/videod/videod-lettering
	install -D $(O)/videoctl $(DESTDIR)$(PREFIX)/bin/videoctl
	for f in $(MAN); do $(put) $$f $(DESTDIR)$(PREFIX)/share/man/man$${f##*.}/$${f##*/} || exit; done
	for f in db/*.sql dashboard/*; do $(put) $$f $(DESTDIR)$(SHARE)/$$f || exit; done
	for f in $(MUSIC:%=music/%.m4a); do $(put) $(O)/$$f $(DESTDIR)$(SHARE)/assets/$$f || exit; done
	cd systemd && for f in system/* sysusers.d/* tmpfiles.d/*; do \
		$(put) $$f $(DESTDIR)$(PREFIX)/lib/$$([ $${f%%/*} = system ] && echo systemd/)$$f || exit; done
	sed -i -E 's#/usr/(sbin|lib)/videod#$(PREFIX)/\1/videod#g' $(DESTDIR)$(PREFIX)/lib/systemd/system/videod*.service
	nginx/fill.sh $(DESTDIR)$(SYSCONFDIR)/nginx CONF=$(SYSCONFDIR)/nginx LISTEN=$(LISTEN) CGI=$(CGI) \
		MEMCACHED=$(MEMCACHED) MEDIA=/var/lib/videod/media ASSETS=$(SHARE)/assets DASHBOARD=$(SHARE)/dashboard \
		FILMS='$(FILMS)'
	$(put) systemd/videod.conf.example $(DESTDIR)$(PREFIX)/share/doc/videod/videod.conf.example
	[ -e $(DESTDIR)$(SYSCONFDIR)/videod/videod.conf ] || \
		$(put) systemd/videod.conf.example $(DESTDIR)$(SYSCONFDIR)/videod/videod.conf

.PHONY: install
