-- A history as the first version of the schema left it: two runs, with what was found in them.
CREATE TABLE runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  stored_at INTEGER NOT NULL,
  scenario TEXT NOT NULL,
  seed TEXT NOT NULL,
  lab TEXT NOT NULL,
  verdict TEXT NOT NULL,
  reasons TEXT NOT NULL,
  summary TEXT NOT NULL,
  clients TEXT NOT NULL,
  tags TEXT NOT NULL,
  notes TEXT NOT NULL,
  command TEXT NOT NULL,
  recording TEXT,
  recording_sha256 TEXT,
  virtual_seconds REAL NOT NULL,
  wall_seconds REAL NOT NULL,
  host_cpu_seconds REAL NOT NULL
);
CREATE INDEX runs_by_scenario ON runs (scenario, id);
CREATE TABLE findings (
  run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  place INTEGER NOT NULL,
  expectation TEXT NOT NULL,
  verdict TEXT NOT NULL,
  measured REAL,
  bound REAL,
  unit TEXT NOT NULL,
  summary TEXT NOT NULL,
  PRIMARY KEY (run, place)
) WITHOUT ROWID;
CREATE TABLE figures (
  run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  place INTEGER NOT NULL,
  name TEXT NOT NULL,
  seconds REAL NOT NULL,
  PRIMARY KEY (run, place)
) WITHOUT ROWID;
INSERT INTO runs VALUES (
  3, 1760000000, 'mqtt-paho-blackhole', '18446744073709551615', 'virtual', 'fail', '[]', 'A phone has no network.',
  '["subscriber"]', '["client:paho-mqtt"]', '[]', 'halfopen run a.yaml', '/r/recording.jsonl', 'abab', 1810.5, 1.4, 1.3
);
INSERT INTO runs VALUES (
  4, 1760086400, 'redis-py-freeze', '1', 'host', 'void', '["no hit"]', '', '[]', '[]', '["no netem"]', '', NULL, NULL,
  0, 0, 0
);
INSERT INTO findings VALUES (3, 0, 'connects: subscriber, within: 5s', 'pass', 0.35, 5, 's', 'It was connected.');
INSERT INTO findings VALUES (3, 1, 'no-gaps: ticker -> subscriber', 'fail', 3, 0, 'messages', 'Three are missing.');
INSERT INTO findings VALUES (4, 0, 'recovery: client', 'void', NULL, NULL, '', 'Nothing struck.');
INSERT INTO figures VALUES (3, 0, 'recovery of subscriber, median', 5.5);
PRAGMA application_id = 1212238918;
PRAGMA user_version = 1;
