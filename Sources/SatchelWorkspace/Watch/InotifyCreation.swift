import Synchronization

/// Held while an inotify instance is made, because libinotifytools' descriptor is found by what was not there before.
private let creation = Mutex(())

func lockedInotifyCreation<Value: Sendable>(_ body: () -> Value) -> Value {
    creation.withLock { _ in body() }
}
