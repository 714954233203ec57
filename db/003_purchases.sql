-- Buying from vendors: what was asked for and under which lease, what it cost, what is kept of it; and what is known of the vendors.

ALTER TABLE videos
  ADD COLUMN mode           VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'full' AFTER aspect_ratio, -- full, draft
  ADD COLUMN model          VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL AFTER mode,  -- of scenes that name none; NULL: the setting's
  ADD COLUMN reuse          TINYINT UNSIGNED NOT NULL DEFAULT 1 AFTER model,  -- take equal clips and voices that the store has bought
  ADD COLUMN voice_volume   TINYINT UNSIGNED NOT NULL DEFAULT 100 AFTER music_volume,
  ADD COLUMN revision       INT UNSIGNED NOT NULL DEFAULT 1,                  -- counts up each time that it is made again
  ADD COLUMN estimate_credits_milli BIGINT UNSIGNED NOT NULL DEFAULT 0,       -- of buying everything once
  ADD COLUMN estimate_characters    BIGINT UNSIGNED NOT NULL DEFAULT 0,
  ADD COLUMN pause_reason   VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NULL, -- possible_charge, out_of_credit, bad_key, daily_limit
  ADD COLUMN pause_vendor   VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
  ADD COLUMN pause_need_milli BIGINT UNSIGNED NULL,                           -- credits that would have been enough for the refused request
  ADD CONSTRAINT c_video_voice_volume CHECK (voice_volume <= 100),
  ADD CONSTRAINT c_video_pause CHECK ((status = 'paused') = (pause_reason IS NOT NULL)),
  ADD KEY k_paused (pause_reason, pause_vendor);

ALTER TABLE scenes
  ADD COLUMN take  SMALLINT UNSIGNED NOT NULL DEFAULT 0,                      -- counts up when it is to be generated anew
  ADD COLUMN model VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL;

-- 6 paused: over until somebody, or a successful probe, lets it go on.
ALTER TABLE jobs DROP CONSTRAINT c_job_state;
ALTER TABLE jobs ADD CONSTRAINT c_job_state CHECK (state <= 6);

-- One row for each paid request: the ledger. It outlives its video, so it refers to none.
CREATE TABLE purchases (
  id             BINARY(16) NOT NULL PRIMARY KEY,
  video_id       BINARY(16) NOT NULL,
  store_id       INT UNSIGNED NOT NULL,
  vendor         VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,  -- runway, elevenlabs
  kind           VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,  -- the step's: scene, voice
  item           SMALLINT UNSIGNED NOT NULL,       -- scene, or piece of the script
  request_hash   BINARY(32) NOT NULL,              -- of what the client asked for: by it a video finds its own again
  input_hash     BINARY(32) NOT NULL,              -- of everything that decides what comes back: for the store's other videos
  state          VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,  -- see lib/video/purchases.h
  token          BIGINT UNSIGNED NOT NULL,         -- the lease it was intended under
  cancel_req     TINYINT UNSIGNED NOT NULL DEFAULT 0, -- 1 to be cancelled at the vendor once its id is known, 2 the vendor is asked to; kept: 1 perhaps of no use
  vendor_id      VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL,     -- task or request, by the vendor's name for it
  request        VARCHAR(4000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, -- what was chosen, JSON
  estimate_milli BIGINT UNSIGNED NOT NULL,         -- thousandths of a credit (runway), of a character (elevenlabs)
  cost_milli     BIGINT UNSIGNED NULL,             -- as the vendor said in the end
  artefact       VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL,     -- below bought_dir
  bytes          BIGINT UNSIGNED NULL,
  result         VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL, -- what was found in the artefact, JSON
  detail         VARCHAR(2000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL, -- the vendor's own words, for the operator only
  created_at     DATETIME(3) NOT NULL,
  known_at       DATETIME(3) NULL,
  ended_at       DATETIME(3) NULL,
  CONSTRAINT c_purchase_known CHECK (state NOT IN ('known', 'kept') OR vendor_id IS NOT NULL),
  CONSTRAINT c_purchase_kept CHECK (state <> 'kept' OR artefact IS NOT NULL),
  KEY k_video (video_id, kind, item),
  KEY k_equal (store_id, input_hash),
  KEY k_day (store_id, created_at),
  KEY k_artefact (artefact),
  KEY k_state (state, cancel_req)
) ENGINE=InnoDB;

-- Which bought artefact a video is made of: its own, or one that an equal video of the store bought.
CREATE TABLE purchase_uses (
  video_id    BINARY(16) NOT NULL,
  kind        VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  item        SMALLINT UNSIGNED NOT NULL,
  purchase_id BINARY(16) NOT NULL,
  PRIMARY KEY (video_id, kind, item),
  KEY k_purchase (purchase_id),
  CONSTRAINT f_use_video FOREIGN KEY (video_id) REFERENCES videos (id) ON DELETE CASCADE,
  CONSTRAINT f_use_purchase FOREIGN KEY (purchase_id) REFERENCES purchases (id)
) ENGINE=InnoDB;

-- Which video a request with a client's own key has made, so that the same request makes no second one.
CREATE TABLE idempotency_keys (
  store_id     INT UNSIGNED NOT NULL,
  client_key   VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  request_hash BINARY(32) NOT NULL,
  video_id     BINARY(16) NULL,                    -- NULL only within the transaction that makes it
  created_at   DATETIME(3) NOT NULL,
  PRIMARY KEY (store_id, client_key),
  CONSTRAINT f_key_video FOREIGN KEY (video_id) REFERENCES videos (id) ON DELETE CASCADE
) ENGINE=InnoDB;

-- What the daemon last heard of each vendor, so that operators and responders need not ask it.
CREATE TABLE vendors (
  name          VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  state         VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,   -- ok, or why not: bad_key, unreachable, ...
  balance_milli BIGINT NULL,                       -- credits or characters left, thousandths
  concurrency   INT UNSIGNED NULL,                 -- requests at once that the account allows
  detail        VARCHAR(2000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL, -- for the operator
  checked_at    DATETIME(3) NOT NULL,              -- last asked
  answered_at   DATETIME(3) NULL                   -- last time that it answered well
) ENGINE=InnoDB;

CREATE TABLE voices (
  id          VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  name        VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  category    VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  gender      VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  preview_url VARCHAR(2048) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  refreshed_at DATETIME(3) NOT NULL
) ENGINE=InnoDB;

CREATE TABLE speech_models (
  id             VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  name           VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  max_characters INT UNSIGNED NOT NULL,            -- of one request
  cost_permille  INT UNSIGNED NOT NULL,            -- credits for a thousand characters
  refreshed_at   DATETIME(3) NOT NULL
) ENGINE=InnoDB;
