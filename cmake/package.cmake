# What is installed: the two libraries, shared and static, their headers, a CMake package and
# pkg-config files.  Both kinds are made of the rooms' own objects.
#
# Only what is marked DNA_API leaves a shared library.  The driver uses more of the lower rooms
# than that, so it brings along what it needs of them, hidden; where a symbol is public the
# core's is used.  The two belong to one build: while the major version is 0, the minor one is
# part of the soname.
include(CMakePackageConfigHelpers)

set(DNA_SOVERSION ${PROJECT_VERSION_MAJOR})
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(DNA_SOVERSION 0.${PROJECT_VERSION_MINOR})
endif()
set(DNA_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/mod_dna)

# dna_library(TARGET ROOM...): TARGET, shared, and TARGET_static, of these rooms' objects.
function(dna_library TARGET)
  set(objects)
  set(libraries)
  foreach(room IN LISTS ARGN)
    list(APPEND objects $<TARGET_OBJECTS:dna_${room}>)
    get_target_property(uses dna_${room} DNA_LIBRARIES)
    if(uses)
      list(APPEND libraries ${uses})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES libraries)
  add_library(${TARGET} SHARED ${objects})
  add_library(${TARGET}_static STATIC ${objects})
  set_target_properties(${TARGET} PROPERTIES
    VERSION ${PROJECT_VERSION} SOVERSION ${DNA_SOVERSION} LINKER_LANGUAGE C)
  set_target_properties(${TARGET}_static PROPERTIES
    OUTPUT_NAME ${TARGET} LINKER_LANGUAGE C)
  target_link_libraries(${TARGET} PRIVATE dna_link_flags ${libraries})
  target_link_options(${TARGET} PRIVATE -Wl,--as-needed)
  if(NOT DNA_SANITIZE AND NOT DNA_FUZZ) # clang leaves their symbols to the program
    target_link_options(${TARGET} PRIVATE -Wl,--no-undefined)
  endif()
  target_link_libraries(${TARGET}_static PRIVATE ${libraries})
  foreach(target ${TARGET} ${TARGET}_static)
    target_include_directories(${target} INTERFACE
      $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/mod_dna/include>
      $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  endforeach()
endfunction()

dna_library(mod_dna ${DNA_CORE_ROOMS})
dna_library(mod_dna_uv ${DNA_UV_ROOMS})
set_target_properties(mod_dna_uv PROPERTIES EXPORT_NAME uv)
set_target_properties(mod_dna_uv_static PROPERTIES EXPORT_NAME uv_static)
target_link_libraries(mod_dna_uv PUBLIC mod_dna)
target_link_libraries(mod_dna_uv_static PUBLIC mod_dna_static)
foreach(room IN LISTS DNA_CORE_ROOMS)
  target_link_libraries(mod_dna_uv PRIVATE $<BUILD_INTERFACE:dna_${room}>)
endforeach()
target_link_options(mod_dna_uv PRIVATE -Wl,--exclude-libs,ALL)
foreach(name mod_dna mod_dna_static)
  add_library(mod_dna::${name} ALIAS ${name})
endforeach()
add_library(mod_dna::uv ALIAS mod_dna_uv)
add_library(mod_dna::uv_static ALIAS mod_dna_uv_static)

install(DIRECTORY mod_dna/include/mod_dna DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h")
install(TARGETS mod_dna mod_dna_uv EXPORT mod_dna-targets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS mod_dna_static mod_dna_uv_static EXPORT mod_dna-static-targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
foreach(set mod_dna-targets mod_dna-static-targets)
  install(EXPORT ${set} NAMESPACE mod_dna:: DESTINATION ${DNA_CMAKE_DIR})
endforeach()

configure_package_config_file(cmake/mod_dna-config.cmake.in mod_dna-config.cmake
  INSTALL_DESTINATION ${DNA_CMAKE_DIR} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(mod_dna-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/mod_dna-config.cmake
  ${PROJECT_BINARY_DIR}/mod_dna-config-version.cmake DESTINATION ${DNA_CMAKE_DIR})

foreach(name mod_dna mod_dna_uv)
  configure_file(cmake/${name}.pc.in ${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()

add_custom_target(uninstall
  COMMAND ${CMAKE_COMMAND} -DMANIFEST=${PROJECT_BINARY_DIR}/install_manifest.txt
    -P ${PROJECT_SOURCE_DIR}/cmake/uninstall.cmake)
