/// Something that a role can allow: a verb on a kind of resource.
pub trait Capability {
    const RESOURCE: &'static str;
    const VERB: &'static str;
    /// Part of enrolling the current device as an admin.
    const SELF_ENROLMENT: bool = false;
}

macro_rules! capabilities {
    ($($(#[$doc:meta])* $name:ident: $resource:literal $verb:literal $($self_enrolment:literal)?;)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub struct $name(());

            impl Capability for $name {
                const RESOURCE: &'static str = $resource;
                const VERB: &'static str = $verb;
                $(const SELF_ENROLMENT: bool = $self_enrolment;)?
            }
        )+

        /// Every capability: name, resource, verb.
        pub const CAPABILITIES: &[(&str, &str, &str)] = &[$((stringify!($name), $resource, $verb),)+];
    };
}

capabilities! {
    /// Finds a device by id or asset tag.
    FindDevices: "device" "list" true;
    ListDevices: "device" "list";
    ReadDevice: "device" "read";
    CreateDevice: "device" "create" true;
    /// Registers many devices at once: no part of enrolling the current one.
    CreateDevices: "device" "create";
    UpdateDevice: "device" "update";
    DeleteDevice: "device" "delete";
    CreateEnrollToken: "device" "create_enroll_token" true;
    RevokeEnrollToken: "device" "create_enroll_token";
    ListUsers: "user" "list";
    ReadUser: "user" "read";
    CreateUser: "user" "create";
    UpdateUser: "user" "update";
    DeleteUser: "user" "delete";
    ListRoles: "role" "list";
    ReadRole: "role" "read";
    CreateRole: "role" "create";
    UpdateRole: "role" "update";
    DeleteRole: "role" "delete";
    ListLocks: "lock" "list";
    ReadLock: "lock" "read";
    CreateLock: "lock" "create";
    DeleteLock: "lock" "delete";
    ReadPreference: "cluster_auth_preference" "read";
    UpdatePreference: "cluster_auth_preference" "update";
    ListSessions: "session" "list";
    DeleteSession: "session" "delete";
    ListEvents: "event" "list";
    ReadStatus: "cluster" "read";
}

/// What belongs to every account; see `Principal::account`.
#[derive(Clone, Copy, Debug)]
pub struct OwnAccount(());
