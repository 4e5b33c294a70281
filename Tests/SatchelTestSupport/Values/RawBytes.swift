/// Bytes that are usually written as text: names and contents of files.
package struct RawBytes: Hashable, Sendable, ExpressibleByStringInterpolation, ExpressibleByArrayLiteral {
    package var bytes: [UInt8]

    package init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }
    package init(_ text: String) { bytes = Array(text.utf8) }
    package init(stringLiteral value: String) { bytes = Array(value.utf8) }
    package init(arrayLiteral elements: UInt8...) { bytes = elements }
}
