internal import CLIPFiles

/// Counts what takes no part in an evaluation, and says which of it is still named.
package struct LeftOut: Sendable {
    /// One thing that takes no part, and why.
    package struct Item: Equatable, Sendable {
        /// A path below the evaluated directory, or a line of a captions file.
        package let name: String
        /// A sentence.
        package let reason: String

        package init(_ name: String, because reason: String) {
            self.name = name
            self.reason = reason
        }
    }

    /// Most that are named; the others are only counted.
    package static let mostNamed = 20

    /// How many were added.
    package private(set) var count = 0
    private var named = 0
    private var unnamed = 0

    package init() {}

    /// Counts an item, and returns the notice that names it; nil once enough are named.
    ///
    /// - Parameter counting: how many it stands for, such as all captions of a picture.
    package mutating func add(_ item: Item, counting: Int = 1) -> EvaluationNotice? {
        count += counting
        guard named < Self.mostNamed else {
            unnamed += 1
            return nil
        }
        named += 1
        return .leftOut(name: item.name, reason: item.reason)
    }

    /// The notice about those that were not named; nil if all were.
    package var remainder: EvaluationNotice? {
        unnamed > 0 ? .moreLeftOut(unnamed) : nil
    }

    /// Names in a sentence, as many as are named at once.
    package static func list(_ names: [String]) -> String {
        let more = names.count - mostNamed
        let listed = names.prefix(mostNamed).map(\.printable).joined(separator: ", ")
        return listed + (more > 0 ? " and \(more) more" : "")
    }
}
