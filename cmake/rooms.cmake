# The folders are floors: a room is a static library of its own, so that a room which
# uses another one without saying so does not even link in the room's own unit tests.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(UV REQUIRED IMPORTED_TARGET libuv)
pkg_check_modules(EXPAT REQUIRED IMPORTED_TARGET expat)
pkg_check_modules(OPENSSL REQUIRED IMPORTED_TARGET openssl)
# Debian's libunbound.pc asks for libevent's, which libunbound-dev does not bring along.
find_library(UNBOUND_LIBRARY unbound REQUIRED)
add_library(PkgConfig::UNBOUND INTERFACE IMPORTED)
target_link_libraries(PkgConfig::UNBOUND INTERFACE ${UNBOUND_LIBRARY})
pkg_check_modules(LDNS REQUIRED IMPORTED_TARGET ldns)
pkg_check_modules(CARES REQUIRED IMPORTED_TARGET libcares)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(IDN2 REQUIRED IMPORTED_TARGET libidn2)
pkg_check_modules(PSL REQUIRED IMPORTED_TARGET libpsl)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(HIREDIS REQUIRED IMPORTED_TARGET hiredis)

add_library(dna_flags INTERFACE)
target_compile_features(dna_flags INTERFACE c_std_11)
target_compile_definitions(dna_flags INTERFACE _GNU_SOURCE)
target_compile_options(dna_flags INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wswitch-enum -Wstrict-prototypes
  -Wmissing-prototypes -Wvla -Wformat=2 -Wpointer-arith -Wundef
  -fno-common -fvisibility=hidden -fstack-protector-strong)
if(DNA_WERROR)
  target_compile_options(dna_flags INTERFACE -Werror)
endif()
add_library(dna_link_flags INTERFACE)
if(DNA_SANITIZE)
  target_compile_options(dna_flags INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(dna_link_flags INTERFACE -fsanitize=address,undefined)
endif()
if(DNA_COVERAGE)
  target_compile_options(dna_flags INTERFACE --coverage)
  target_link_options(dna_link_flags INTERFACE --coverage)
endif()
if(DNA_HARDEN)
  target_compile_options(dna_flags INTERFACE
    -D_FORTIFY_SOURCE=3 -fstack-clash-protection -fcf-protection)
  target_link_options(dna_link_flags INTERFACE -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
endif()
target_link_libraries(dna_flags INTERFACE dna_link_flags)
if(DNA_FUZZ)
  target_compile_options(dna_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# dna_room(NAME SOURCES a.c ... [USES room ...] [LIBS PkgConfig::X ...])
# mod_dna/NAME as the static library dna_NAME; USES are the rooms below it.
function(dna_room NAME)
  cmake_parse_arguments(ROOM "" "" "SOURCES;USES;LIBS" ${ARGN})
  add_library(dna_${NAME} STATIC ${ROOM_SOURCES})
  set_target_properties(dna_${NAME} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_include_directories(dna_${NAME} PUBLIC
    ${PROJECT_SOURCE_DIR}/mod_dna ${PROJECT_SOURCE_DIR}/mod_dna/include)
  target_link_libraries(dna_${NAME} PRIVATE dna_flags)
  foreach(used IN LISTS ROOM_USES)
    target_link_libraries(dna_${NAME} PUBLIC dna_${used})
  endforeach()
  target_link_libraries(dna_${NAME} PRIVATE ${ROOM_LIBS})
  set_target_properties(dna_${NAME} PROPERTIES DNA_LIBRARIES "${ROOM_LIBS}")
endfunction()

# dna_unit_test(ROOM NAME [SOURCES extra.c ...] [LINK target ...])
# tests/unit/ROOM/test_NAME.c as the ctest test ROOM.NAME.
#
# tests/run gives ctest two places per processor: a test that computes takes two of them
# (PROCESSORS), one that mostly waits takes one.  COST: the longest begin first.
function(dna_unit_test ROOM NAME)
  cmake_parse_arguments(T "" "" "SOURCES;LINK" ${ARGN})
  set(target test_${ROOM}_${NAME})
  add_executable(${target} test_${NAME}.c ${T_SOURCES})
  target_link_libraries(${target} PRIVATE dna_flags dna_${ROOM} ${T_LINK}
    dna_test_support PkgConfig::CMOCKA)
  add_test(NAME ${ROOM}.${NAME} COMMAND ${target})
  set_tests_properties(${ROOM}.${NAME} PROPERTIES TIMEOUT 300 LABELS unit PROCESSORS 2)
endfunction()
