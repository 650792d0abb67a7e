# How long the long tests take, roughly and with sanitizers, in seconds: a fresh build knows no times of its own, and CTest then
# starts those of the highest cost first, so that no long one is left alone on one core at the end.
set(BELLOWS_TEST_COSTS
  certify 60 entropy 60 protocol 50 bad_input_runs 50 cli_amplify 45 cli_bound_protocol 35 cli_certify 35 gf2 30 extract 30
  cli_qkd 30 bad_input_damage 28 cli_again 20 cli_careful 20 cli_public 20 cli_report 20 bell 20 report 20 certify_second_evaluation 20
  cli_manners 15 entropy_witness 15 browser_report 12 browser_watch 10 net 9 ecc 8 cli_cheats 8 quality 6)

# Gives the test its cost, if it has one; call it where the test was added.
function(bellows_test_cost test)
  list(FIND BELLOWS_TEST_COSTS ${test} at)
  if(NOT at EQUAL -1)
    math(EXPR at "${at} + 1")
    list(GET BELLOWS_TEST_COSTS ${at} cost)
    set_tests_properties(${test} PROPERTIES COST ${cost})
  endif()
endfunction()
