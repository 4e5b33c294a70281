import Glibc

/// inotify without a library: the twin of ``InotifyToolsSource``, always built.
final class RawInotifySource: EventSource {
    let descriptor: Int32
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 8)
    /// What of `buffer` was read from the kernel and not yet handed over.
    private var rest = 0..<0

    init() throws(WatchError) {
        let opened = lockedInotifyCreation { () -> Result<Int32, Errno> in
            let descriptor = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
            return descriptor >= 0 ? .success(descriptor) : .failure(Errno(code: errno))
        }
        switch opened {
        case .success(let descriptor): self.descriptor = descriptor
        case .failure(let error): throw instanceError("inotify_init1", error.code)
        }
    }

    deinit { buffer.deallocate() }

    func drain(limit: Int, _ body: (FileEvent) -> Void) throws(WatchError) -> Int {
        var given = 0
        while given < limit {
            if rest.isEmpty, try !fill() { break }
            body(nextEvent())
            given += 1
        }
        return given
    }

    func close() {
        Glibc.close(descriptor)
    }

    /// Reads what the kernel has; false when it has nothing.
    private func fill() throws(WatchError) -> Bool {
        while true {
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            if count > 0 {
                rest = 0..<count
                return true
            }
            if count == 0 || errno == EAGAIN { return false }
            guard errno == EINTR else { throw .system(call: "read of inotify", code: errno) }
        }
    }

    /// inotify_event: watch 4, mask 4, cookie 4, length of the name 4, name.
    private func nextEvent() -> FileEvent {
        let start = rest.lowerBound
        let watch = buffer.loadUnaligned(fromByteOffset: start, as: Int32.self)
        let mask = buffer.loadUnaligned(fromByteOffset: start + 4, as: UInt32.self)
        let length = Int(buffer.loadUnaligned(fromByteOffset: start + 12, as: UInt32.self))
        let name = (start + 16)..<(start + 16 + length)
        rest = name.upperBound..<rest.upperBound
        return FileEvent(watch: watch, mask: mask, name: withoutPadding(UnsafeRawBufferPointer(rebasing: buffer[name])))
    }
}

/// The kernel pads names with NUL bytes.
func withoutPadding(_ name: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    guard let start = name.baseAddress else { return name }
    return UnsafeRawBufferPointer(start: start, count: strnlen(start.assumingMemoryBound(to: CChar.self), name.count))
}
