/// The greatest elements of those that it is given, so many at most: a heap with the least of them at hand.
package struct Greatest<Element: Comparable> {
    private let most: Int
    /// In no order but that the least comes first.
    package private(set) var elements: [Element] = []

    /// - Parameter most: how many are kept.
    package init(_ most: Int) { self.most = most }

    /// What another one must exceed to be kept; nil as long as every one is.
    package var threshold: Element? { elements.count >= most ? elements.first : nil }

    package mutating func insert(_ element: Element) {
        if elements.count < most {
            elements.append(element)
            rise(from: elements.count - 1)
        } else if let least = elements.first, least < element {
            elements[0] = element
            sink()
        }
    }

    private mutating func rise(from place: Int) {
        var place = place
        while place > 0, elements[place] < elements[(place - 1) / 2] {
            elements.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    private mutating func sink() {
        var place = 0
        while true {
            var smallest = place
            for below in [2 * place + 1, 2 * place + 2]
            where below < elements.count && elements[below] < elements[smallest] {
                smallest = below
            }
            guard smallest != place else { return }
            elements.swapAt(place, smallest)
            place = smallest
        }
    }
}

extension Greatest: Sendable where Element: Sendable {}
