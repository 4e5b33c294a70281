import Glibc

/// An open file, closed when it is dropped.
struct Descriptor: ~Copyable {
    let number: Int32

    /// Nil for the -1 of a failed call.
    init?(_ number: Int32) {
        guard number >= 0 else { return nil }
        self.number = number
    }

    deinit { close(number) }

    /// Writes all of `bytes`; false with `errno` set when that fails.
    borrowing func writeAll(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var rest = bytes
        while rest.count > 0 {
            let count = write(number, rest.baseAddress, rest.count)
            if count < 0 {
                if errno == EINTR { continue }
                return false
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
        return true
    }

    /// Fills `buffer` as far as the file goes; nil with `errno` set when reading fails.
    borrowing func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Int? {
        var filled = 0
        while filled < buffer.count {
            let count = read(number, buffer.baseAddress?.advanced(by: filled), buffer.count - filled)
            if count < 0 {
                if errno == EINTR { continue }
                return nil
            }
            if count == 0 { break }
            filled += count
        }
        return filled
    }
}
