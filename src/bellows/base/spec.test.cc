#include "bellows/base/spec.h"

#include <gtest/gtest.h>

namespace bellows {
namespace {

TEST(Spec, NamesAndOptions) {
  auto spec = Spec::parse("quantum:visibility=0.9,number=20*2^3,file=a:b");
  ASSERT_TRUE(spec.ok());
  EXPECT_EQ(spec->name(), "quantum");
  EXPECT_EQ(spec->number("visibility", 1, 0, 1), 0.9);
  EXPECT_EQ(spec->number("flip", 0.25, 0, 1), 0.25);
  EXPECT_EQ(spec->count("number", 0), 160u);
  EXPECT_EQ(spec->word("file", ""), "a:b");
  EXPECT_TRUE(spec->finish().ok());
  EXPECT_TRUE(Spec::parse("honest")->finish().ok());
}

TEST(Spec, WhatIsWrongIsAUsageError) {
  for (const char* text : {"", ":a=1", "x:a", "x:=1", "x:a=1,a=2", "x:a=1,,b=2"})
    EXPECT_FALSE(Spec::parse(text).ok()) << text;
  for (const char* text : {"x:v=2", "x:v=nan", "x:v=", "x:v=0.5x", "x:w=0.5", "x:v=-1"}) {
    auto spec = Spec::parse(text);
    ASSERT_TRUE(spec.ok()) << text;
    spec->number("v", 0, 0, 1);
    ASSERT_FALSE(spec->finish().ok()) << text;
    EXPECT_EQ(spec->finish().error().code, ErrorCode::usage);
  }
}

}  // namespace
}  // namespace bellows
