# cmake -DFROM=x.cc -DTO=y.cc -DOLD=text -DNEW=text -P mutate.cmake: a copy of FROM with one mistake. OLD must stand in it once, so a
# mistake cannot silently fall out when the code changes.
file(READ "${FROM}" code)
string(FIND "${code}" "${OLD}" first)
string(FIND "${code}" "${OLD}" last REVERSE)
if(first EQUAL -1 OR NOT first EQUAL last)
  message(FATAL_ERROR "${FROM}: this must stand there exactly once: ${OLD}")
endif()
string(REPLACE "${OLD}" "${NEW}" code "${code}")
file(WRITE "${TO}" "${code}")
