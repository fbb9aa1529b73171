import CLIPEngine
import Testing

@Suite("Inputs in hand")
struct InputWindowTests {
    @Test("While the first input is not done, no more than the window are started, however many others are")
    func slowFirst() {
        var window = InputWindow<String>(count: 10, width: 4)
        #expect((0..<5).map { _ in window.start() } == [0, 1, 2, 3, nil])
        for index in [3, 1, 2] {
            window.finish(index, "\(index)")
            #expect(window.deliver() == nil)
            #expect(window.start() == nil)
        }
        window.finish(0, "0")
        for index in 0...3 {
            let next = window.deliver()
            #expect(next?.index == index && next?.result == "\(index)")
        }
        #expect(window.deliver() == nil)
        #expect((0..<5).map { _ in window.start() } == [4, 5, 6, 7, nil])
    }

    @Test("All inputs are started once, and none beyond them")
    func end() {
        var window = InputWindow<Int>(count: 3, width: 2)
        var order: [Int] = []
        while let index = window.start() {
            window.finish(index, index)
            while let (index, result) = window.deliver() {
                #expect(index == result)
                order.append(index)
            }
        }
        #expect(order == [0, 1, 2])
    }
}
