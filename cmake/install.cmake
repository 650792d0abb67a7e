# What others link: one static library bellows::bellows with every module but the command line, its headers, and the program.
get_property(modules GLOBAL PROPERTY BELLOWS_MODULES)
get_property(libs GLOBAL PROPERTY BELLOWS_LIBS)
list(REMOVE_DUPLICATES libs)
set(objects)
foreach(module ${modules})
  get_target_property(type bellows_${module} TYPE)
  if(type STREQUAL "STATIC_LIBRARY")
    list(APPEND objects $<TARGET_OBJECTS:bellows_${module}>)
  endif()
endforeach()
add_library(bellows STATIC ${objects})
set_target_properties(bellows PROPERTIES LINKER_LANGUAGE CXX)
target_include_directories(bellows INTERFACE $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/src> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
add_library(bellows::bellows ALIAS bellows)

install(TARGETS bellows ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS bellows_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY src/bellows DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h" PATTERN "cli" EXCLUDE PATTERN "testing" EXCLUDE)

# Made by the target bellows_manners; a build of the program alone has none.
install(FILES ${CMAKE_BINARY_DIR}/share/bellows.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 OPTIONAL)
install(FILES ${CMAKE_BINARY_DIR}/share/bellows.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
  RENAME bellows OPTIONAL)
install(FILES ${CMAKE_BINARY_DIR}/share/_bellows DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions OPTIONAL)
install(FILES ${CMAKE_BINARY_DIR}/share/bellows.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d OPTIONAL)

include(CMakePackageConfigHelpers)
configure_package_config_file(cmake/bellows-config.cmake.in ${CMAKE_BINARY_DIR}/bellows-config.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/bellows)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/bellows-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/bellows-config.cmake ${CMAKE_BINARY_DIR}/bellows-config-version.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/bellows)
