import CLIPEngine

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The system's figures about this process, under the names that Prometheus' client libraries use.
package struct ProcessFigures {
    package var residentBytes: Int
    package var virtualBytes: Int
    package var processorSeconds: Double
    /// Seconds since 1970.
    package var startTime: Double?
    package var openDescriptors: Int?
    package var mostDescriptors: Int?

    /// Nil if the system does not provide them as Linux does.
    package static func now() -> ProcessFigures? {
        guard let stat = contents(of: "/proc/self/stat"), var figures = ProcessFigures(stat: stat) else {
            return nil
        }
        figures.startTime = figures.startTime.map { $0 + bootTime }
        figures.openDescriptors = entries(of: "/proc/self/fd")
        figures.mostDescriptors = mostDescriptors()
        return figures
    }

    /// Reads a line of `/proc/PID/stat`; the start time in it counts from the machine's start.
    ///
    /// Source: proc(5). The second field is the program's name, which may have blanks and parentheses.
    package init?(stat: String) {
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        // The first remaining field is the third of the line.
        func field(_ number: Int) -> Double? { number - 3 < fields.count ? Double(fields[number - 3]) : nil }
        guard let user = field(14), let system = field(15), let start = field(22), let size = field(23),
            let resident = field(24)
        else { return nil }
        let ticks = Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
        processorSeconds = (user + system) / ticks
        startTime = start / ticks
        virtualBytes = Int(size)
        residentBytes = Int(resident) * Int(max(1, sysconf(Int32(_SC_PAGESIZE))))
    }

    /// When the machine started, in seconds since 1970; read once, so that the process's start time never changes.
    ///
    /// `/proc/stat` also has it, but a hardened service may not be able to read that file.
    private static let bootTime: Double = {
        #if os(Linux)
        var (now, running) = (timespec(), timespec())
        clock_gettime(CLOCK_REALTIME, &now)
        clock_gettime(CLOCK_BOOTTIME, &running)
        return Double(now.tv_sec - running.tv_sec) + Double(now.tv_nsec - running.tv_nsec) / 1e9
        #else
        return 0
        #endif
    }()

    private static func contents(of path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while bytes.count < 1 << 20 {
            let count = fread(&chunk, 1, chunk.count, file)
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }

    private static func entries(of path: String) -> Int? {
        guard let directory = opendir(path) else { return nil }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        // Three entries do not count: the directory, its parent, and the descriptor of this reading.
        return max(0, count - 3)
    }

    private static func mostDescriptors() -> Int? {
        var limit = rlimit()
        #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
        let resource = RLIMIT_NOFILE
        #endif
        guard getrlimit(resource, &limit) == 0 else { return nil }
        return Int(clamping: limit.rlim_cur)
    }
}
