# Our own music: composed by a small program at build time, the same every time. `make music` makes all three.
# What is served is in $(O)/music, alone; what it is made with and from stays in $(O)/assets/music. Each is a ring: the
# file says its length to the sample.
MUSIC := bright-morning quiet-harbour clear-path

music: $(MUSIC:%=$(O)/music/%.m4a) ## compose the built-in music

$(O)/assets/music/compose: $(O)/assets/music/compose.o
	$(call say,link)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ -lm
$(O)/assets/music/%.wav: $(O)/assets/music/compose
	$(call say,play)
	$(Q)$< $* $@
$(O)/music/%.m4a: $(O)/assets/music/%.wav assets/music/music.mk
	$(call say,aac)
	@mkdir -p $(@D)
	$(Q)ffmpeg -nostdin -hide_banner -loglevel error -y -i $< -c:a aac -b:a 160k -map_metadata -1 -fflags +bitexact \
		-flags:a +bitexact -movflags +faststart -movie_timescale 48000 -f ipod $(<:.wav=.m4a)
	$(Q)mv $(<:.wav=.m4a) $@

.PHONY: music
