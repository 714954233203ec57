# Our own music: composed by a small program at build time, the same every time. `make music` makes all three.
MUSIC := bright-morning quiet-harbour clear-path

music: $(MUSIC:%=$(O)/assets/music/%.m4a) ## compose the built-in music

$(O)/assets/music/compose: $(O)/assets/music/compose.o
	$(CC) $(LDFLAGS_ALL) -o $@ $^ -lm
$(O)/assets/music/%.wav: $(O)/assets/music/compose
	$< $* $@
$(O)/assets/music/%.m4a: $(O)/assets/music/%.wav
	ffmpeg -nostdin -hide_banner -loglevel error -y -i $< -c:a aac -b:a 160k -map_metadata -1 -fflags +bitexact \
		-flags:a +bitexact -movflags +faststart -f ipod $@.part
	mv $@.part $@

.PHONY: music
