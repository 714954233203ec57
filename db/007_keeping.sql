-- Deleting and keeping: stores on their way out, checks of the storage, signed addresses.

ALTER TABLE stores
  ADD COLUMN gone_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL, -- the public_id of a deleted one, whose own is "~<id>" now
  ADD KEY k_gone (gone_id);

ALTER TABLE videos
  ADD COLUMN links           MEDIUMTEXT CHARACTER SET ascii COLLATE ascii_bin NULL, -- {key: signed address}
  ADD COLUMN links_until     DATETIME(3) NULL,     -- when the first of them ends
  ADD COLUMN links_made_at   DATETIME(3) NULL,
  ADD COLUMN links_wanted_at DATETIME(3) NULL,     -- somebody asked for new ones, and the daemon has not made them yet
  ADD KEY k_links_wanted (links_wanted_at),
  ADD KEY k_ended (status, updated_at);

-- Films that are older than the list of what was published have themselves and a thumbnail.
UPDATE videos SET outputs = JSON_OBJECT('films', JSON_ARRAY(JSON_OBJECT(
  'aspectRatio', aspect_ratio, 'film', video_key, 'thumbnail', thumbnail_key)))
  WHERE outputs IS NULL AND video_key IS NOT NULL AND thumbnail_key IS NOT NULL;

-- What a check found in the storage, no row names and the operator wants removed; and the folders of removed videos, once more.
CREATE TABLE orphans (
  storage_key VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  due_at      DATETIME(3) NOT NULL,                -- of the next try; a minute ahead while a daemon tries
  tries       INT UNSIGNED NOT NULL DEFAULT 0,     -- that failed
  last_error  VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL, -- for the operator
  created_at  DATETIME(3) NOT NULL,
  KEY k_due (due_at)
) ENGINE=InnoDB;

-- Comparisons of the storage with the rows, asked for by the operator and made by a daemon.
CREATE TABLE storage_checks (
  id       BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  repair   TINYINT UNSIGNED NOT NULL,
  state    VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'wanted', -- wanted, running, done, failed
  asked_at DATETIME(3) NOT NULL,
  seen_at  DATETIME(3) NOT NULL,                   -- the daemon was last at it; silent for a minute, it begins again
  report   MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL, -- JSON, or why it failed
  KEY k_state (state)
) ENGINE=InnoDB;
