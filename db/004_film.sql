-- How films are to look, and what came out. The JSON is lib/video/look.h's, the same as on the wire.

ALTER TABLE videos
  ADD COLUMN look    MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,  -- NULL: a plain film
  ADD COLUMN brand   MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,  -- the store's kit as it was when this was asked for
  ADD COLUMN outputs MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,  -- keys of all that is published, see lib/video/outputs.h
  ADD COLUMN report  MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,  -- what the inspection found, of each rendition
  ADD CONSTRAINT c_video_look CHECK (look IS NULL OR JSON_VALID(look)),
  ADD CONSTRAINT c_video_brand CHECK (brand IS NULL OR JSON_VALID(brand)),
  ADD CONSTRAINT c_video_outputs CHECK (outputs IS NULL OR JSON_VALID(outputs)),
  ADD CONSTRAINT c_video_report CHECK (report IS NULL OR JSON_VALID(report));

ALTER TABLE scenes
  ADD COLUMN look MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,     -- narration, fit, focus, transition, text style
  ADD CONSTRAINT c_scene_look CHECK (look IS NULL OR JSON_VALID(look));

ALTER TABLE stores
  ADD COLUMN brand MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  ADD CONSTRAINT c_store_brand CHECK (brand IS NULL OR JSON_VALID(brand));

-- A report is longer than what steps left behind before.
ALTER TABLE steps MODIFY COLUMN result MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL;
