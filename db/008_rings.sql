-- Music whose end leads to its beginning by itself is looped as it is; of any other the end is faded over into the beginning.

ALTER TABLE music_tracks ADD COLUMN is_ring BOOLEAN NOT NULL DEFAULT FALSE AFTER duration_ms;

UPDATE music_tracks SET is_ring = TRUE WHERE id IN (
  UNHEX('6d757369630040008000000000000001'), UNHEX('6d757369630040008000000000000002'), UNHEX('6d757369630040008000000000000003'));
