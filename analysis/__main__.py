"""Run every analyser and compare with docs/security.md: `make analyse`."""

from __future__ import annotations

import sys
import time

from analysis import analysers, answers

PAGE = analysers.ROOT / "docs" / "security.md"


def main() -> int:
    reports = []
    try:
        given = analysers.prepare()
        print(f"{analysers.NAME} and what it imports, {len(given['sources'])} files")
        for analyser in analysers.ALL:
            begin = time.monotonic()
            report = analyser()
            reports.append(report)
            took = time.monotonic() - begin
            count = f"{len(report.findings)} findings"
            line = f"  {report.analyser:26}{report.looked_at:>18}{count:>14}{took:7.1f} s"
            print(line, flush=True)
        wrong = answers.complaints(reports, answers.read(PAGE.read_text()))
    except (analysers.AnalyserFailed, answers.BadAnswers) as error:
        print(error)
        return 1
    if wrong:
        print("\n".join(wrong))
        print("analyse: change the contract, or answer in docs/security.md what is right as it is")
        return 1
    found = sum(len(report.findings) for report in reports)
    print(f"analyse: {len(reports)} analysers, {found} findings, each answered in docs/security.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
