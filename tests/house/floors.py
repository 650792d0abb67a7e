"""Holds the includes of src/bellows against tools/floors.txt: a module includes only from lower floors."""
import pathlib
import re
import sys
import tempfile

INCLUDE = re.compile(r'^\s*#\s*include\s+"bellows/([a-z0-9_]+)/([^"]+)"', re.M)


def violations(root: pathlib.Path) -> list[str]:
    floors, handover = {}, set()
    for line in (root / "tools/floors.txt").read_text().splitlines():
        words = line.split("#")[0].split()
        if len(words) == 2 and words[0] == "handover":
            handover.add(words[1])
        elif len(words) == 2:
            floors[words[1]] = int(words[0])
    found = []
    for folder in sorted((root / "src/bellows").iterdir()):
        if not folder.is_dir() or folder.name == "testing":
            continue
        if folder.name not in floors:
            found.append(f"{folder.name}: has no floor in tools/floors.txt")
            continue
        if any(folder.glob("*.cc")) and not (folder / "README.md").exists():
            found.append(f"{folder.name}: has no README.md")
        for file in sorted(folder.glob("*")):
            if file.suffix not in (".h", ".cc"):
                continue
            is_test = file.name.endswith((".test.cc", ".perf.cc"))
            for module, header in INCLUDE.findall(file.read_text()):
                where = f"{folder.name}/{file.name} includes {module}/{header}"
                if module == "testing":
                    if not is_test:
                        found.append(f"{where}: test helpers are for tests")
                elif module not in floors:
                    found.append(f"{where}: no such module")
                elif module != folder.name and floors[module] >= floors[folder.name]:
                    if not (floors[module] == floors[folder.name] and f"{module}/{header}" in handover):
                        found.append(f"{where}: floor {floors[module]} is not below floor {floors[folder.name]}")
    verify = root / "src/bellows/report/verify.cc"
    if verify.exists():
        for module, header in INCLUDE.findall(verify.read_text()):
            if module in ("protocol", "device", "source"):
                found.append(f"report/verify.cc includes {module}/{header}: verification must not share code with what it checks")
    return found


def self_check() -> None:
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        (root / "tools").mkdir()
        (root / "tools/floors.txt").write_text("0 base\n1 bits\n1 numeric\n")
        for module in ("base", "bits", "numeric"):
            (root / "src/bellows" / module).mkdir(parents=True)
        (root / "src/bellows/bits/a.h").write_text('#include "bellows/base/x.h"\n')
        assert violations(root) == []
        (root / "src/bellows/base/b.h").write_text('#include "bellows/bits/a.h"\n')
        (root / "src/bellows/numeric/c.h").write_text('#include "bellows/bits/a.h"\n')
        assert len(violations(root)) == 2, violations(root)


if __name__ == "__main__":
    if sys.argv[1] == "--self-check":
        self_check()
    else:
        problems = violations(pathlib.Path(sys.argv[1]))
        print("\n".join(problems))
        sys.exit(1 if problems else 0)
