/// One word of a systemd unit file: what systemd makes of it again is exactly these bytes.
///
/// Percent signs are doubled, because they begin a specifier; words with anything but plain characters stand in double
/// quotes, with the escapes of C (systemd.syntax(7)). Dollar signs stay as they are: `ExecStart=:` switches variables off.
package func unitWord(_ bytes: some Collection<UInt8>) -> String {
    let isPlain =
        !bytes.isEmpty
        && bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "="),
                UInt8(ascii: "@"), UInt8(ascii: "%"):
                true
            default: false
            }
        }
    return isPlain ? escapedForUnit(bytes) : "\"\(escapedForUnit(bytes))\""
}

/// Text of a setting that takes all of its line, such as `Description`: never more than one line.
package func unitText(_ bytes: some Collection<UInt8>) -> String { escaped(bytes).replacing("%", with: "%%") }

private func escapedForUnit(_ bytes: some Collection<UInt8>) -> String {
    // Every valid UTF-8 goes in as it is; `escaped` doubles backslashes and writes the rest as \xHH, as C does.
    escaped(bytes).replacing("%", with: "%%").replacing("\"", with: "\\\"")
}
