-- Music whose end leads to its beginning by itself is looped as it is; of any other the end is faded over into the beginning.

ALTER TABLE music_tracks ADD COLUMN is_ring BOOLEAN NOT NULL DEFAULT FALSE AFTER duration_ms;

UPDATE music_tracks SET is_ring = TRUE
  WHERE file IN ('music/bright-morning.m4a', 'music/quiet-harbour.m4a', 'music/clear-path.m4a');
