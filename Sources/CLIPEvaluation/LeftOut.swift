internal import CLIPFiles

/// Counts what is left out of an evaluation, and decides which items are still named.
package struct LeftOut: Sendable {
    /// One thing that is left out, and why.
    package struct Item: Equatable, Sendable {
        /// A path relative to the evaluated directory, or a line of a captions file.
        package let name: String
        /// The reason, as a sentence.
        package let reason: String

        package init(_ name: String, because reason: String) {
            self.name = name
            self.reason = reason
        }
    }

    /// How many items are named; further ones are only counted.
    package static let mostNamed = 20

    /// How many items were added.
    package private(set) var count = 0
    private var named = 0
    private var unnamed = 0

    package init() {}

    /// Counts an item, and returns the notice that names it; nil once enough are named.
    ///
    /// - Parameter counting: how many rows it stands for, such as all captions of a picture.
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

    /// A sentence with the names, as many as are named at once.
    package static func list(_ names: [String]) -> String {
        let more = names.count - mostNamed
        let listed = names.prefix(mostNamed).map(\.printable).joined(separator: ", ")
        return listed + (more > 0 ? " and \(more) more" : "")
    }
}
