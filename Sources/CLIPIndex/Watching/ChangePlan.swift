/// Which names of folders have changed, and when it is time to look at them.
///
/// A file that somebody is writing is left alone until it is closed, or until nothing has happened to it for a while. What is done with
/// is looked at soon, since one action makes several events.
package struct ChangePlan: Sendable {
    /// A name in a folder that is watched.
    package struct Place: Hashable, Sendable {
        package let folder: Int32
        package let name: [UInt8]

        package init(folder: Int32, name: [UInt8]) { (self.folder, self.name) = (folder, name) }
    }

    private var due: [Place: ContinuousClock.Instant] = [:]
    package init() {}

    /// Whether changes were lost, so that everything has to be looked at.
    package private(set) var isOverflown = false

    package static let settling = Duration.milliseconds(300)
    package static let quiet = Duration.seconds(2)
    /// More than these are looked for by going through everything.
    package static let most = 100_000

    /// - Parameter isDone: whether whoever changed it has finished.
    package mutating func note(_ place: Place, isDone: Bool, at now: ContinuousClock.Instant) {
        guard !isOverflown else { return }
        due[place] = now + (isDone ? Self.settling : Self.quiet)
        if due.count > Self.most { overflow() }
    }

    package mutating func overflow() {
        (due, isOverflown) = ([:], true)
    }

    /// Forgets everything, because everything is about to be looked at.
    package mutating func clear() { self = ChangePlan() }

    /// The names that it is time for, in the order of folders and names.
    package mutating func take(at now: ContinuousClock.Instant) -> [Place] {
        let places = due.filter { $0.value <= now }.keys
        for place in places { due[place] = nil }
        return places.sorted {
            $0.folder == $1.folder ? $0.name.lexicographicallyPrecedes($1.name) : $0.folder < $1.folder
        }
    }
}
