-- Files where they are kept: what is still there of before, and what of the bought is there too.

-- Videos whose folder in the storage may hold files that the revision completed last does not name. Written when an attempt
-- ends, well or not; the daemon removes them, as often as it takes.
CREATE TABLE leftovers (
  video_id BINARY(16) NOT NULL PRIMARY KEY,
  revision INT UNSIGNED NOT NULL,                  -- that ended; later ones stay
  attempt  INT UNSIGNED NOT NULL DEFAULT 0,
  is_last  TINYINT UNSIGNED NOT NULL DEFAULT 0,    -- the look that is due: nothing can come late any more
  due_at   DATETIME(3) NOT NULL,
  KEY k_due (due_at),
  CONSTRAINT f_leftover_video FOREIGN KEY (video_id) REFERENCES videos (id) ON DELETE CASCADE
) ENGINE=InnoDB;

ALTER TABLE purchases
  ADD COLUMN stored_in CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL AFTER bytes, -- the remote storage that has this artefact, and what is known of it
  ADD KEY k_stored (state, stored_in, id);
