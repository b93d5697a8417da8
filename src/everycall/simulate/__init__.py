"""Call streams and what-ifs that drive the engine; nothing here decides what the core decides."""
