"""bench, and the kernel sets as people force them."""
from harness import ProgramTest, main


class Kernels(ProgramTest):
    def test_extract_gives_the_same_bits_on_every_kernel_and_thread_count(self):
        self.run_program("amplify", "--preset", "tsirelson", "--trial-count", "2^20", "--sim-seed", "7", "--out", "run")
        expected = (self.folder / "run" / "output.bits").read_bytes()
        kernels = [k["name"] for k in self.run_json("bench", "--kernels")["kernels"] if k["available"]]
        self.assertIn("portable", kernels)
        for kernel in kernels:
            self.environment["BELLOWS_KERNEL"] = kernel
            name = f"again-{kernel}.bits"
            self.run_program("extract", "run", "--out", name, "--threads", "2" if kernel == kernels[-1] else "1")
            self.assertEqual((self.folder / name).read_bytes(), expected, kernel)

    def test_kernels(self):
        out, _ = self.run_program("bench", "--kernels")
        self.assertIn("(used)", out)
        self.environment["BELLOWS_KERNEL"] = "portable"
        sets = self.run_json("bench", "--kernels")["kernels"]
        self.assertEqual([s["name"] for s in sets if s["used"]], ["portable"])
        self.environment["BELLOWS_KERNEL"] = "avx1024"
        _, err = self.run_program("bench", "--kernels", expect=2)
        self.assertIn("avx1024", err)

    def test_checksums_agree(self):
        words = ("bench", "--quick", "--repeat", "1", "--work", "toeplitz", "--threads")
        one, two = self.run_json(*words, "1"), self.run_json(*words, "2")
        self.assertEqual(one["work"][0]["check"], two["work"][0]["check"])
        self.assertEqual((one["threads"], two["threads"]), (1, 2))
        self.run_program("bench", "--work", "nothing", expect=2)


if __name__ == "__main__":
    main()
