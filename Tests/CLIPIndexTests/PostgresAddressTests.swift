import CLIPIndex
import CPq
import Testing

@Suite("The address of a database")
struct PostgresAddressTests {
    @Test("Our parameters are taken out, and the others left to libpq")
    func parameters() throws {
        let address = try PostgresAddress(
            "postgresql://me@db.example:5433/photos?sslmode=require&clip_schema=my%20pictures&clip_wait=2.5&connect_timeout=3"
        )
        #expect(
            address.connection == "postgresql://me@db.example:5433/photos?sslmode=require&connect_timeout=3"
        )
        #expect((address.schema, address.patience) == ("my pictures", .seconds(2.5)))
        #expect(address.display == "postgresql://me@db.example:5433/photos?clip_schema=my%20pictures")
        #expect(try PostgresAddress(address.display).schema == "my pictures")
        let plain = try PostgresAddress("postgres:///photos")
        #expect((plain.schema, plain.patience) == ("clip", .seconds(60)))
        #expect(plain.display == "postgresql:///photos")
        #expect(plain.connection == "postgres:///photos")
        #expect(try PostgresAddress("postgres:///p?clip_wait=0").connection == "postgres:///p")
    }

    @Test(
        "No password is shown, wherever it stands",
        arguments: [
            "postgresql://me:geheim@db/photos", "postgresql://me:geh%65im@db/photos",
            "postgresql://me@db/photos?password=geheim",
            "postgresql://db/photos?user=me&password=geheim&clip_wait=1",
            "postgresql://me:geheim?x@db/photos", "postgresql://me:geheim@db/photos?sslpassword=geheim",
        ]
    )
    func passwords(_ name: String) throws {
        let address = try PostgresAddress(name)
        #expect(!address.display.contains("geheim") && !address.display.contains("geh%65im"))
        #expect(address.secrets.allSatisfy { $0.hasPrefix("geheim") } && !address.secrets.isEmpty)
        let fault = PostgresFault(cause: "no user me with \(address.secrets[0]) here", isLost: true)
        #expect("\(fault.error(of: address))".contains("no user me with *** here"))
    }

    @Test(
        "What cannot be read is refused, without a word of it",
        arguments: [
            "postgresql://me:geheim%zz@db/photos", "postgresql://me:geheim@db/photos?geheim=1",
            "postgresql://me:geheim@db/photos?clip_schema=pg_geheim", "postgresql://me@db/p?clip_schema=",
            "postgresql://me:geheim@db/photos?clip_wait=geheim", "postgresql://me@db/p?clip_wait=-1",
            "postgresql://me@db/p?clip_wait=nan", "postgresql://me@db/p?clip_schema=%f",
            "postgresql://me@db/p?clip_schema=%ff",
            "postgresql://me@db/p?clip_schema=a%00b", "postgresql://geheim@[::1/photos",
            "postgresql://me@db/p?clip_schema=\(String(repeating: "x", count: 64))",
        ]
    )
    func refused(_ name: String) {
        #expect {
            try PostgresAddress(name)
        } throws: { error in
            guard case .address = error as? IndexError else { return false }
            return !"\(error)".contains("geheim")
        }
    }

    @Test("Only addresses are taken for such")
    func addresses() {
        #expect(PostgresAddress.isAddress("postgresql://") && PostgresAddress.isAddress("postgres://a/b"))
        for name in ["", "photos.index", "/postgresql://", "postgresq", "POSTGRESQL://a/b", "postgres:a"] {
            #expect(!PostgresAddress.isAddress(name))
        }
    }

    @Test(
        "Passwords are written over where others see the arguments",
        arguments: [
            ("postgresql://me:geheim@db/p", "postgresql://me:******@db/p"),
            ("--index=postgres://me:ge@him@db/p?x=1", "--index=postgres://me:******@db/p?x=1"),
            (
                "postgresql://me@db:5432/p?password=geheim&a=b",
                "postgresql://me@db:5432/p?password=******&a=b"
            ),
            ("postgresql://me@db:5432/p", "postgresql://me@db:5432/p"), ("photos:a@b", "photos:a@b"),
            ("", ""),
        ]
    )
    func arguments(_ argument: String, _ shown: String) {
        var bytes = argument.utf8CString.map { $0 }
        cpq_hide_password(&bytes)
        #expect(bytes == shown.utf8CString.map { $0 })
    }

    @Test("What libpq and the server say is told as our errors")
    func faults() throws {
        let address = try PostgresAddress("postgresql://me:geheim@db/photos")
        func error(_ code: String, isLost: Bool = false) -> IndexError {
            PostgresFault(code: code, cause: "c", isLost: isLost).error(of: address)
        }
        let index = "postgresql://me@db/photos"
        for code in ["28P01", "28000", "42501", "3D000", "25006"] {
            #expect(error(code, isLost: true) == .refused(index: index, cause: "c"))
            #expect(!PostgresFault(code: code, cause: "c", isLost: true).isPassing)
        }
        for code in ["", "57P01", "57P03", "08006"] {
            #expect(error(code, isLost: true) == .unreachable(index: index, cause: "c"))
        }
        #expect(error("53100") == .diskFull(path: index))
        #expect(error("55P03") == .busy(path: index))
        #expect(error("57014") == .database(index: index, cause: "c"))
        #expect(error("42P01") == .database(index: index, cause: "c"))
        #expect(PostgresFault(code: "40P01", cause: "c").isPassing)
        #expect(!PostgresFault(code: "42P01", cause: "c").isPassing)
        let message = """
            connection to server at "127.0.0.1", port 5432 failed: FATAL:  28P01: password authentication failed for user "me"
            LOCATION:  auth_failed, auth.c:326
            """
        #expect(
            PostgresFault(ofConnection: message)
                == PostgresFault(
                    code: "28P01",
                    cause: #"password authentication failed for user "me""#,
                    isLost: true
                )
        )
        #expect(PostgresFault(ofConnection: "could not connect\n").cause == "could not connect")
        let korean = """
            connection to server at "10.0.0.1", port 5432 failed: Connection refused
            connection to server at "10.0.0.2", port 5432 failed: 치명적오류:  28P01: 사용자 "me"의 password 인증을 실패했습니다
            """
        #expect(PostgresFault(ofConnection: korean).code == "28P01")
        #expect(PostgresFault(ofConnection: "").isPassing)
        #expect(PostgresFault(ofConnection: "no password supplied", needsPassword: true).code == "28P01")
    }
}
