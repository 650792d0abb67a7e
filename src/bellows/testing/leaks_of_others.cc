// Linked into what the sanitizers' build runs, and into nothing that ships.
extern "C" const char* __lsan_default_suppressions();

// fontconfig keeps the patterns it looked for until the process ends.
extern "C" const char* __lsan_default_suppressions() { return "leak:libfontconfig\n"; }
