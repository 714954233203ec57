-- The built-in music: our own tracks, rendered to assets/music. Their ids spell "music" and are the same in every database.

INSERT INTO music_tracks (id, name, category, duration_ms, file, preview_url, created_at) VALUES
  (UNHEX('6d757369630040008000000000000001'), 'Bright Morning', 'upbeat', 32000,
   'music/bright-morning.m4a', '/assets/music/bright-morning.m4a', UTC_TIMESTAMP(3)),
  (UNHEX('6d757369630040008000000000000002'), 'Quiet Harbour', 'calm', 40000,
   'music/quiet-harbour.m4a', '/assets/music/quiet-harbour.m4a', UTC_TIMESTAMP(3)),
  (UNHEX('6d757369630040008000000000000003'), 'Clear Path', 'corporate', 36000,
   'music/clear-path.m4a', '/assets/music/clear-path.m4a', UTC_TIMESTAMP(3));
