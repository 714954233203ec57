-- What stores have uploaded: the files are in uploads_dir, STORE/NAME, and a row is there before its file.
CREATE TABLE uploads (
  store_id   INT UNSIGNED NOT NULL,
  name       VARCHAR(37) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, -- the content's digest and an ending
  bytes      BIGINT UNSIGNED NOT NULL,
  created_at DATETIME(3) NOT NULL,
  last_used  DATETIME(3) NOT NULL,                 -- uploaded, named in a request, or found to be referred to
  PRIMARY KEY (store_id, name),
  KEY k_last_used (last_used),
  CONSTRAINT f_upload_store FOREIGN KEY (store_id) REFERENCES stores (id)
) ENGINE=InnoDB;
