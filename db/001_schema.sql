-- The first schema. MariaDB 10.6+ and MySQL 8.0.16+; ids on the wire are ours (videos) or the shop's (stores, products).
-- Times are UTC by the database's clock. Widths and CHECKs repeat lib/video/limits.h.

CREATE TABLE stores (
  id         INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  public_id  VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  name       VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  niche      VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  currency   CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  locale     VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  UNIQUE KEY u_public (public_id)
) ENGINE=InnoDB;

CREATE TABLE products (
  id          INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  public_id   VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  store_id    INT UNSIGNED NOT NULL,
  title       VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  description MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  price_milli BIGINT NULL,                         -- thousandths of the store's currency
  images      MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, -- [{"url","alt"}]
  created_at  DATETIME(3) NOT NULL,
  updated_at  DATETIME(3) NOT NULL,
  CONSTRAINT c_product_price CHECK (price_milli IS NULL OR price_milli >= 0),
  CONSTRAINT c_product_images CHECK (JSON_VALID(images)),
  CONSTRAINT f_product_store FOREIGN KEY (store_id) REFERENCES stores (id),
  UNIQUE KEY u_public (public_id),
  KEY k_store (store_id, public_id)
) ENGINE=InnoDB;

CREATE TABLE music_tracks (
  id          BINARY(16) NOT NULL PRIMARY KEY,
  name        VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  category    VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  duration_ms INT UNSIGNED NOT NULL,
  file        VARCHAR(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,  -- below assets_dir
  preview_url VARCHAR(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  created_at  DATETIME(3) NOT NULL,
  KEY k_category (category, name)
) ENGINE=InnoDB;

CREATE TABLE videos (
  id               BINARY(16) NOT NULL PRIMARY KEY,
  store_id         INT UNSIGNED NOT NULL,
  product_id       INT UNSIGNED NULL,
  title            VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  style            VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  aspect_ratio     VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status           VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'pending',
  progress         TINYINT UNSIGNED NOT NULL DEFAULT 0,
  eta_sec          INT UNSIGNED NULL,
  stage            VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  voiceover_script TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  voice_id         VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  music_track_id   BINARY(16) NULL,
  music_volume     TINYINT UNSIGNED NOT NULL,
  video_key        VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL,    -- where it is, below the storage's root
  thumbnail_key    VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL,
  duration_ms      INT UNSIGNED NULL,
  error            VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL, -- for the client
  created_at       DATETIME(3) NOT NULL,
  updated_at       DATETIME(3) NOT NULL,
  completed_at     DATETIME(3) NULL,
  deleted_at       DATETIME(3) NULL,               -- gone for clients; its job is removing the files, then this row
  CONSTRAINT c_video_progress CHECK (progress <= 100),
  CONSTRAINT c_video_volume CHECK (music_volume <= 100),
  CONSTRAINT c_video_done CHECK (status <> 'completed' OR (progress = 100 AND video_key IS NOT NULL)),
  CONSTRAINT f_video_store FOREIGN KEY (store_id) REFERENCES stores (id),
  CONSTRAINT f_video_product FOREIGN KEY (product_id) REFERENCES products (id),
  KEY k_list (store_id, deleted_at, created_at, id)
) ENGINE=InnoDB;

CREATE TABLE scenes (
  video_id     BINARY(16) NOT NULL,
  no           SMALLINT UNSIGNED NOT NULL,         -- from 0
  prompt       TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  duration_ms  INT UNSIGNED NOT NULL,
  image_url    VARCHAR(2048) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  text_overlay VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  PRIMARY KEY (video_id, no),
  CONSTRAINT f_scene_video FOREIGN KEY (video_id) REFERENCES videos (id) ON DELETE CASCADE
) ENGINE=InnoDB;

-- One job a video: making it, later perhaps removing it. Lifecycle, indexes and traps: lib/video/jobs.c.
CREATE TABLE jobs (
  id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  video_id    BINARY(16) NOT NULL,
  store_id    INT UNSIGNED NOT NULL,
  kind        VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,      -- make, remove
  state       TINYINT UNSIGNED NOT NULL DEFAULT 0, -- 0 queued 1 running 2 scheduled 3 done 4 failed 5 cancelled
  priority    TINYINT UNSIGNED NOT NULL,
  rank_key    BIGINT NOT NULL,                     -- order inside a store: time (ms) + priority * 10 minutes, so none starves
  due_at      DATETIME(3) NULL,                    -- only while scheduled
  attempt     INT UNSIGNED NOT NULL DEFAULT 0,     -- claims
  lost_count  SMALLINT UNSIGNED NOT NULL DEFAULT 0,-- leases lost in a row without a step finished between
  cancel_req  TINYINT UNSIGNED NOT NULL DEFAULT 0,
  run_slot    SMALLINT UNSIGNED NULL,              -- 0..store_in_flight-1 while running
  lease_token BIGINT UNSIGNED NULL,                -- fencing: a new random value for each claim
  lease_until DATETIME(3) NULL,                    -- NULL unless running, so that k_lease holds running jobs only
  worker      VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin NULL,          -- host:pid:nonce, never reused
  last_error  VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,    -- for the operator
  created_at  DATETIME(3) NOT NULL,
  started_at  DATETIME(3) NULL,
  finished_at DATETIME(3) NULL,
  CONSTRAINT c_job_state CHECK (state <= 5),
  CONSTRAINT c_job_due   CHECK ((state = 2) = (due_at IS NOT NULL)),
  CONSTRAINT c_job_lease CHECK ((state = 1) = (lease_until IS NOT NULL)),
  CONSTRAINT c_job_token CHECK (state <> 1 OR lease_token IS NOT NULL),
  CONSTRAINT c_job_slot  CHECK (state = 1 OR run_slot IS NULL),
  CONSTRAINT c_job_fin   CHECK ((state >= 3) = (finished_at IS NOT NULL)),
  CONSTRAINT f_job_video FOREIGN KEY (video_id) REFERENCES videos (id) ON DELETE CASCADE,
  UNIQUE KEY u_video (video_id),
  UNIQUE KEY u_slot (store_id, run_slot),          -- a store's concurrency limit, kept by the database
  KEY k_claim (state, store_id, rank_key, id),     -- exactly WHERE + ORDER BY of the pick; no other index starts with state
  KEY k_due (due_at),
  KEY k_lease (lease_until),
  KEY k_worker (worker),
  KEY k_finished (finished_at)
) ENGINE=InnoDB;

-- Where each step of a video stands. A step that never began has no row.
CREATE TABLE steps (
  video_id    BINARY(16) NOT NULL,
  kind        VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  item        SMALLINT UNSIGNED NOT NULL,          -- scene number, 0 for steps of the whole video
  state       VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,      -- running, waiting, done, failed
  attempt     SMALLINT UNSIGNED NOT NULL,          -- tries that failed by themselves (not by a lost daemon)
  due_at      DATETIME(3) NULL,                    -- of the next try, while waiting
  artefact    VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL,         -- file in the work folder
  bytes       BIGINT UNSIGNED NULL,                -- its size: a file that does not match is not believed
  result      VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,    -- what later steps need, JSON
  error       VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,    -- for the operator
  started_at  DATETIME(3) NOT NULL,
  finished_at DATETIME(3) NULL,
  PRIMARY KEY (video_id, kind, item),
  CONSTRAINT c_step_done CHECK (state <> 'done' OR finished_at IS NOT NULL),
  CONSTRAINT f_step_video FOREIGN KEY (video_id) REFERENCES videos (id) ON DELETE CASCADE
) ENGINE=InnoDB;

-- What happened, append-only: the proof that nothing ran twice.
CREATE TABLE step_log (
  id       BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  video_id BINARY(16) NOT NULL,
  at       DATETIME(3) NOT NULL,
  kind     VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,         -- a step's kind, or 'job'
  item     SMALLINT UNSIGNED NOT NULL,
  event    VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,         -- start, done, retry, fail, lost
  worker   VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin NULL,
  detail   VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  KEY k_video (video_id, id),
  CONSTRAINT f_log_video FOREIGN KEY (video_id) REFERENCES videos (id) ON DELETE CASCADE
) ENGINE=InnoDB;
