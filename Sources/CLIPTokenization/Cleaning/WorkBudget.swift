/// Limits the work that cleaning one caption may take.
///
/// Cleaning repeats until nothing changes, so the work on a caption such as `&amp;amp;amp;...` grows with the square of
/// its length. Text that people write settles in two or three rounds, each as long as the text.
package struct WorkBudget: Sendable {
    private let count: Int
    private var remaining: Int

    /// Allows sixteen rounds of any text, and as many as needed for a text of up to about 2,800 characters.
    package init(for text: [UInt32]) {
        count = text.count
        remaining = 16 * text.count + 1_000_000
    }

    package mutating func spend(_ scalars: Int) throws(TokenizationError) {
        remaining -= scalars
        if remaining < 0 { throw .unsettledCaption(count: count) }
    }
}
