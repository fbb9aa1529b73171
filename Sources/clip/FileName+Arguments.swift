internal import CLIPFiles

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

extension FileName {
    /// The program's arguments, without its own name.
    static var arguments: [String] {
        CommandLine.unsafeArgv.advanced(by: 1).withMemoryRebound(
            to: UnsafeMutablePointer<CChar>?.self,
            capacity: Int(max(0, CommandLine.argc - 1))
        ) { arguments in
            (0..<Int(max(0, CommandLine.argc - 1))).compactMap { index in
                arguments[index].map { text(of: UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
            }
        }
    }
}
