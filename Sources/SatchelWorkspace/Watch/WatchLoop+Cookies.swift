internal import CSys
import Glibc

/// The folder of cookies, below the root.
private let ownFolder = Array(".satchel".utf8)
private let cookieFolder = Array("cookies".utf8)

extension WatchLoop {
    /// Makes a file whose event will come out of the queue behind everything that happened before.
    func makeCookie(for waiter: CookieJar.Waiter, until deadline: Instant) {
        let name = cookies.newName()
        switch createCookieFile(name) {
        case .success: cookies.wait(waiter, for: name, until: deadline)
        case .failure(let error):
            loss = loss ?? findRootLoss()
            waiter.resume(returning: .failure(loss == nil ? .cookieLost(code: error.code) : .stopped))
        }
    }

    func takeCookie(_ event: FileEvent) {
        if event.has(IN_IGNORED) { cookies.watch = nil }
        guard event.has(IN_CREATE), case let name = Array(event.name), cookies.arrive(name) else { return }
        removeCookieFile(name)
    }

    func removeCookieFile(_ name: [UInt8]) {
        guard case .success(let folder) = openRoot() else { return }
        defer { close(folder) }
        let slash = [UInt8(ascii: "/")]
        _ = withName(ownFolder + slash + cookieFolder + slash + name) { unlinkat(folder, $0, 0) }
    }

    private func createCookieFile(_ name: [UInt8]) -> Result<Void, Errno> {
        do throws(Errno) {
            let rootFolder = try openRoot().get()
            defer { close(rootFolder) }
            let own = try openOrMake(ownFolder, in: rootFolder)
            defer { close(own) }
            let folder = try openOrMake(cookieFolder, in: own)
            defer { close(folder) }
            let watch = try addWatch(on: folder, for: UInt32(IN_CREATE | IN_ONLYDIR)).get()
            if cookies.watch != watch {
                cookies.watch = watch
                removeStaleCookies(in: folder)
            }
            let file = withName(name) { csys_openat_mode(folder, $0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
            guard file >= 0 else { throw Errno(code: errno) }
            close(file)
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    /// What a watcher that was killed left behind.
    private func removeStaleCookies(in folder: Int32) {
        for name in entries.names(in: folder, where: { $0 == UInt8(DT_REG) }) {
            _ = withName(name) { unlinkat(folder, $0, 0) }
        }
    }

    private func openOrMake(_ name: [UInt8], in folder: Int32) throws(Errno) -> Int32 {
        // Whatever the umask took of it.
        _ = withName(name) { mkdirat(folder, $0, 0o700) == 0 ? fchmodat(folder, $0, 0o700, 0) : 0 }
        let opened = withName(name) { csys_openat(folder, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
        guard opened >= 0 else { throw Errno(code: errno) }
        return opened
    }
}
